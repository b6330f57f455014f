//! File capabilities: from the text in an RPM header to the bytes of `security.capability`.
//!
//! Text: the grammar of cap_from_text(3), e.g. `cap_net_raw,cap_net_admin=ep` or `= cap_setuid+ep`. Bytes: `vfs_cap_data`
//! revision 2 of `linux/capability.h`, little-endian: magic with the effective flag, then permitted and inheritable
//! in two halves of 32 bits.
//!
//! **Invariant:** sets that the kernel cannot store (effective on only some capabilities) are refused.

const REVISION_2: u32 = 0x0200_0000;
const EFFECTIVE: u32 = 1;

/// `linux/capability.h`, in the order of their numbers.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];
const ALL: u64 = (1 << NAMES.len()) - 1;

#[derive(Debug, Default)]
struct Sets {
    effective: u64,
    permitted: u64,
    inheritable: u64,
}

/// Returns the value of the extended attribute, or why the text has none.
pub(super) fn xattr(text: &str) -> Result<Vec<u8>, String> {
    let mut sets = Sets::default();
    for clause in text.split_whitespace() {
        apply_clause(&mut sets, clause)?;
    }
    let any = sets.permitted | sets.inheritable;
    if sets.effective != 0 && sets.effective != any {
        return Err("a file has all of its capabilities effective or none".to_owned());
    }
    let magic = REVISION_2 | if sets.effective == 0 { 0 } else { EFFECTIVE };
    let words = [
        magic,
        sets.permitted as u32,
        sets.inheritable as u32,
        (sets.permitted >> 32) as u32,
        (sets.inheritable >> 32) as u32,
    ];
    Ok(words.iter().flat_map(|word| word.to_le_bytes()).collect())
}

fn apply_clause(sets: &mut Sets, clause: &str) -> Result<(), String> {
    let operator = |c| matches!(c, '=' | '+' | '-');
    let start = clause.find(operator).ok_or_else(|| format!("no `=`, `+` or `-` in `{clause}`"))?;
    let (names, mut actions) = clause.split_at(start);
    let mask = capabilities(names)?;
    while let Some(action) = actions.chars().next() {
        let end = actions[1..].find(operator).map_or(actions.len(), |at| at + 1);
        apply_action(sets, action, &actions[1..end], mask)?;
        actions = &actions[end..];
    }
    Ok(())
}

fn capabilities(names: &str) -> Result<u64, String> {
    if matches!(names, "" | "all") {
        return Ok(ALL);
    }
    let mut mask = 0;
    for name in names.split(',') {
        let lower = name.to_ascii_lowercase();
        let number = lower.strip_prefix("cap_").and_then(|name| NAMES.iter().position(|known| *known == name));
        mask |= 1 << number.ok_or_else(|| format!("no capability `{name}`"))?;
    }
    Ok(mask)
}

fn apply_action(sets: &mut Sets, action: char, flags: &str, mask: u64) -> Result<(), String> {
    if let Some(unknown) = flags.chars().find(|flag| !"eip".contains(*flag)) {
        return Err(format!("no flag `{unknown}`"));
    }
    for (flag, set) in [('e', &mut sets.effective), ('p', &mut sets.permitted), ('i', &mut sets.inheritable)] {
        match (action, flags.contains(flag)) {
            ('=' | '+', true) => *set |= mask,
            ('=', false) | ('-', true) => *set &= !mask,
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_give_the_bytes_that_setcap_writes() {
        for (text, bytes) in [
            ("cap_net_raw=ep", "0100000200200000000000000000000000000000"),
            ("= cap_net_raw+ep", "0100000200200000000000000000000000000000"),
            ("cap_setgid,cap_setuid=p", "00000002c0000000000000000000000000000000"),
            ("cap_bpf=ei", "0100000200000000000000000000000080000000"),
            ("cap_chown=eip cap_chown-i", "0100000201000000000000000000000000000000"),
        ] {
            assert_eq!(xattr(text).map(hex::encode).as_deref(), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_the_kernel_cannot_store_is_refused() {
        for text in ["cap_net_raw", "cap_nonsense=ep", "cap_chown=x", "cap_chown=ep cap_kill=p", "net_raw=ep"] {
            assert!(xattr(text).is_err(), "{text}");
        }
    }
}
