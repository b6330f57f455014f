//! `filelists.xml`: every path of every package.

use crate::build::RepoPackage;
use crate::xml;

pub(crate) fn write(packages: &[&RepoPackage]) -> Vec<u8> {
    xml::document(|xml| {
        xml.create_element("filelists")
            .with_attribute(("xmlns", "http://linux.duke.edu/metadata/filelists"))
            .with_attribute(("packages", packages.len().to_string().as_str()))
            .write_inner_content(|xml| {
                packages.iter().try_for_each(|package| {
                    package.element(xml).write_inner_content(|xml| {
                        xml::version(xml, &package.header.nevra.evr)?;
                        package.header.files.iter().try_for_each(|file| xml::file(xml, file))
                    })?;
                    Ok(())
                })
            })
            .map(drop)
    })
}
