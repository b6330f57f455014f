//! The values of a TOML table as one text, the same for tables that mean the same; it is TOML again.
//!
//! Fingerprints are taken over it; the order of keys, quoting and layout do not count.

use toml::Value;
use toml::de::{DeTable, DeValue};

/// Returns the text of a table's values: `"key" = value` lines in the order of the keys.
pub(crate) fn of_table(table: &DeTable<'_>) -> String {
    sorted(table).into_iter().map(|(key, value)| format!("{} = {}\n", quoted(key), of_value(value))).collect()
}

fn sorted<'a>(table: &'a DeTable<'_>) -> Vec<(&'a str, &'a DeValue<'a>)> {
    let mut entries: Vec<_> = table.iter().map(|(key, value)| (key.get_ref().as_ref(), value.get_ref())).collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

/// A key or text as TOML quotes it, always in the same way.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

fn of_value(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(string) => quoted(string),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::from(number).to_string(),
            Err(_) => number.as_str().to_owned(),
        },
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(instant) => instant.to_string(),
        DeValue::Array(members) => {
            let members: Vec<_> = members.iter().map(|member| of_value(member.get_ref())).collect();
            format!("[{}]", members.join(", "))
        }
        DeValue::Table(table) => {
            let entries =
                sorted(table).into_iter().map(|(key, value)| format!("{} = {}", quoted(key), of_value(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(toml: &str) -> String {
        of_table(DeTable::parse(toml).expect("valid TOML").get_ref())
    }

    #[test]
    fn layout_does_not_count_and_values_do() {
        assert_eq!(text("a = 'x'\nb = [1, true]\n"), text("b=[ 0x1,true ]\na = \"x\""));
        assert_ne!(text("a = 'x'"), text("a = 'y'"));
        assert_ne!(text("a = '1'"), text("a = 1"));
        assert_ne!(text("a = ['b', 'c']"), text("a = ['bc']"));
    }

    #[test]
    fn text_reads_back_as_the_same_values() {
        let odd = "a = \"q\\\" \\\\ \\n\\t\\u0001 ü\"\nb = { c = [{ d = 1.5 }], 'e f' = 2026-01-01 }\n";
        assert_eq!(text(&text(odd)), text(odd));
        assert_eq!(text(odd).parse::<toml::Table>(), odd.parse::<toml::Table>());
    }
}
