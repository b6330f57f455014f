//! Prints the JSON Schema of the format, for `schema/azldev.schema.json`.
#![expect(clippy::disallowed_macros, reason = "an example whose whole work is to print")]

fn main() {
    println!("{:#}", azl_config::schema());
}
