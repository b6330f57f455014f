//! The system calls that reach past namespaces, refused: a seccomp filter as bubblewrap reads it (seccomp(2)).
//!
//! A network namespace does not hold back every address family: over vsock a sandbox could talk to the hypervisor.
//! io_uring makes sockets without the call that is looked at. Keyrings belong to the user, not to a namespace.
//!
//! **Invariant:** programs that use none of this run as they do without the filter.

/// One instruction: code, jumps if true and if false, operand (`struct sock_filter`).
type Instruction = (u16, u8, u8, u32);

const LOAD: u16 = 0x20;
const EQUAL: u16 = 0x15;
const AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;

/// Offsets in `struct seccomp_data`; of the first argument the low half.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENT: u32 = 16;

const ALLOW: u32 = 0x7fff_0000;
const NOT_THERE: u32 = 0x0005_0000 | 38; // ENOSYS
const NO_FAMILY: u32 = 0x0005_0000 | 97; // EAFNOSUPPORT

/// unix, IPv4, IPv6, netlink: all of them end at the namespace.
const FAMILIES: [u32; 4] = [1, 2, 10, 16];

/// Numbers of another convention of x86-64 start here.
const X32: u32 = 0x4000_0000;

/// What the kernel calls things on one architecture.
struct Numbers {
    architecture: u32,
    socket: u32,
    /// `add_key`, `request_key`, `keyctl`, `io_uring_setup`.
    refused: [u32; 4],
}

fn numbers(architecture: &str) -> Option<Numbers> {
    match architecture {
        "x86_64" => Some(Numbers { architecture: 0xc000_003e, socket: 41, refused: [248, 249, 250, 425] }),
        "aarch64" => Some(Numbers { architecture: 0xc000_00b7, socket: 198, refused: [217, 218, 219, 425] }),
        _ => None,
    }
}

/// Returns the filter for programs of this machine's architecture, or `None` where the numbers are not known.
pub(crate) fn filter(architecture: &str) -> Option<Vec<u8>> {
    let numbers = numbers(architecture)?;
    let mut program: Vec<Instruction> = vec![
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, numbers.architecture),
        (RETURN, 0, 0, NOT_THERE),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, NOT_THERE),
    ];
    for refused in numbers.refused {
        program.extend([(EQUAL, 0, 1, refused), (RETURN, 0, 0, NOT_THERE)]);
    }
    program.extend([(EQUAL, 1, 0, numbers.socket), (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, ARGUMENT)]);
    for family in FAMILIES {
        program.extend([(EQUAL, 0, 1, family), (RETURN, 0, 0, ALLOW)]);
    }
    program.push((RETURN, 0, 0, NO_FAMILY));
    Some(program.into_iter().flat_map(encode).collect())
}

fn encode((code, yes, no, operand): Instruction) -> Vec<u8> {
    [&code.to_ne_bytes()[..], &[yes, no], &operand.to_ne_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the filter on a call as the kernel would.
    fn verdict(architecture: u32, number: u32, argument: u32) -> u32 {
        let program = filter("x86_64").expect("known");
        let (mut at, mut loaded) = (0, 0);
        loop {
            let i = &program[at * 8..at * 8 + 8];
            let operand = u32::from_ne_bytes([i[4], i[5], i[6], i[7]]);
            let jump = |taken: bool| usize::from(if taken { i[2] } else { i[3] });
            at += 1;
            match u16::from_ne_bytes([i[0], i[1]]) {
                LOAD => {
                    loaded = [number, architecture, argument]
                        [[NUMBER, ARCHITECTURE, ARGUMENT].iter().position(|o| *o == operand).expect("known")]
                }
                EQUAL => at += jump(loaded == operand),
                AT_LEAST => at += jump(loaded >= operand),
                _ => return operand,
            }
        }
    }

    #[test]
    fn refuses_what_reaches_past_namespaces_and_nothing_else() {
        let native = 0xc000_003e;
        for family in FAMILIES {
            assert_eq!(verdict(native, 41, family), ALLOW);
        }
        assert_eq!(verdict(native, 41, 40), NO_FAMILY, "vsock");
        assert_eq!(verdict(native, 0, 40), ALLOW, "read");
        assert_eq!(verdict(native, 425, 0), NOT_THERE, "io_uring");
        assert_eq!(verdict(native, 250, 0), NOT_THERE, "keyctl");
        assert_eq!(verdict(native, 41 | X32, 40), NOT_THERE, "another convention");
        assert_eq!(verdict(0x4000_0003, 41, 1), NOT_THERE, "32-bit programs");
    }
}
