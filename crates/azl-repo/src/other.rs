//! `other.xml`: the newest changelog entries of every package.

use std::io;

use azl_rpm::ChangelogEntry;
use quick_xml::events::BytesText;

use crate::build::RepoPackage;
use crate::xml::{self, Xml};

/// How many entries are told, as in `createrepo_c`.
const LIMIT: usize = 10;

pub(crate) fn write(packages: &[&RepoPackage]) -> Vec<u8> {
    xml::document(|xml| {
        xml.create_element("otherdata")
            .with_attribute(("xmlns", "http://linux.duke.edu/metadata/other"))
            .with_attribute(("packages", packages.len().to_string().as_str()))
            .write_inner_content(|xml| {
                packages.iter().try_for_each(|package| {
                    package.element(xml).write_inner_content(|xml| {
                        xml::version(xml, &package.header.nevra.evr)?;
                        write_changelog(xml, &package.header.changelog)
                    })?;
                    Ok(())
                })
            })
            .map(drop)
    })
}

/// Writes the newest entries, oldest first.
///
/// Readers sort by date alone, so entries of one day get dates a second apart, in their order.
fn write_changelog(xml: &mut Xml, newest_first: &[ChangelogEntry]) -> io::Result<()> {
    let mut last = None;
    for entry in newest_first.iter().take(LIMIT).rev() {
        let date = match last {
            Some(last) if entry.date <= last => last + 1,
            _ => entry.date,
        };
        last = Some(date);
        xml.create_element("changelog")
            .with_attribute(("author", xml::printable(&entry.author).as_str()))
            .with_attribute(("date", date.to_string().as_str()))
            .write_text_content(BytesText::new(&xml::printable(&entry.text)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_newest_entries_come_oldest_first_with_ascending_dates() {
        let entry = |n: u64| ChangelogEntry { author: format!("author {n}"), date: 1000 - n / 2, text: "- x".into() };
        let entries: Vec<_> = (0..12).map(entry).collect();
        let text = xml::document(|xml| write_changelog(xml, &entries));
        let text = String::from_utf8(text).expect("UTF-8");
        let dates: Vec<u64> = text
            .split("date=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().expect("value").parse().expect("number"))
            .collect();
        assert_eq!(dates.len(), 10);
        assert!(dates.windows(2).all(|pair| pair[0] < pair[1]), "{dates:?}");
        assert!(text.find("author 9").expect("oldest told") < text.find("author 0").expect("newest told"));
        assert!(!text.contains("author 10"));
    }
}
