//! The process environment: variables, directories, identity.

use std::path::PathBuf;

/// Returns a variable that is set, not empty and valid UTF-8.
pub fn var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the names of all variables that are valid UTF-8.
pub fn names() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

/// Returns the directory of per-user configuration, after the XDG base directory specification.
pub fn config_dir() -> Option<PathBuf> {
    xdg("XDG_CONFIG_HOME", ".config")
}

/// Returns the directory of per-user caches, after the XDG base directory specification.
pub fn cache_dir() -> Option<PathBuf> {
    xdg("XDG_CACHE_HOME", ".cache")
}

fn xdg(variable: &str, fallback: &str) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    var(variable).map(PathBuf::from).filter(absolute).or_else(|| home().map(|home| home.join(fallback)))
}

/// Returns the home directory of the user.
pub fn home() -> Option<PathBuf> {
    var("HOME").map(PathBuf::from)
}

/// Returns the working directory, or `.` if it is gone.
pub fn current_dir() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
}

/// Returns the path of the running program.
pub fn current_exe() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// Returns whether this process runs as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Returns the arguments of this program, without its own name; what is not UTF-8 in them is replaced.
pub fn arguments() -> Vec<String> {
    std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect()
}

/// Returns this process's id.
pub fn process_id() -> u32 {
    std::process::id()
}

/// Returns the architecture of this machine, by the name that the kernel and rpm have for it.
pub fn machine() -> &'static str {
    std::env::consts::ARCH
}

/// Returns the number of processors this process may use.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Returns the bytes of memory that could be used now without swapping, as the kernel estimates them.
pub fn available_memory() -> u64 {
    memory("MemAvailable:")
}

/// Returns the bytes of memory that this machine has.
pub fn total_memory() -> u64 {
    memory("MemTotal:")
}

/// Returns the most bytes of memory that this process ever held.
pub fn peak_memory() -> u64 {
    field("/proc/self/status", "VmHWM:")
}

fn memory(name: &str) -> u64 {
    field("/proc/meminfo", name)
}

fn field(file: &str, field: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

/// Returns the first executable file called `name` in `PATH` or in the system's administration directories.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = var("PATH").unwrap_or_default();
    path.split(':')
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin"])
        .map(|directory| PathBuf::from(directory).join(name))
        .find(|candidate| is_executable(candidate))
}

fn is_executable(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
