//! The values of a TOML table as one text, the same for tables that mean the same.
//!
//! Fingerprints are taken over it; the order of keys, quoting and layout do not count.

use toml::de::{DeTable, DeValue};

/// Returns the text of a table's values.
pub(crate) fn of_table(table: &DeTable<'_>) -> String {
    let mut text = String::new();
    write_table(table, &mut text);
    text
}

fn write_table(table: &DeTable<'_>, text: &mut String) {
    let mut entries: Vec<_> = table.iter().map(|(key, value)| (key.get_ref().as_ref(), value.get_ref())).collect();
    entries.sort_by_key(|(key, _)| *key);
    text.push('{');
    for (key, value) in entries {
        text.push_str(&format!("{key:?}:"));
        write_value(value, text);
        text.push(',');
    }
    text.push('}');
}

fn write_value(value: &DeValue<'_>, text: &mut String) {
    match value {
        DeValue::String(string) => text.push_str(&format!("{string:?}")),
        DeValue::Integer(number) => text.push_str(&format!("{}:{}", number.radix(), number.as_str())),
        DeValue::Float(number) => text.push_str(number.as_str()),
        DeValue::Boolean(flag) => text.push_str(if *flag { "true" } else { "false" }),
        DeValue::Datetime(instant) => text.push_str(&instant.to_string()),
        DeValue::Array(members) => {
            text.push('[');
            for member in members.iter() {
                write_value(member.get_ref(), text);
                text.push(',');
            }
            text.push(']');
        }
        DeValue::Table(table) => write_table(table, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_does_not_count_and_values_do() {
        let text = |toml: &str| of_table(DeTable::parse(toml).expect("valid TOML").get_ref());
        assert_eq!(text("a = 'x'\nb = [1, true]\n"), text("b=[ 1,true ]\na = \"x\""));
        assert_ne!(text("a = 'x'"), text("a = 'y'"));
        assert_ne!(text("a = '1'"), text("a = 1"));
        assert_ne!(text("a = ['b', 'c']"), text("a = ['bc']"));
    }
}
