//! `primary.xml`: what a solver needs to know.

use std::io;

use azl_rpm::PackageHeader;

use crate::build::RepoPackage;
use crate::dependencies;
use crate::xml::{self, Xml};

/// Returns whether a path is listed in `primary.xml` too: those that packages commonly require.
pub(crate) fn is_primary(path: &str) -> bool {
    path.starts_with("/etc/") || path == "/usr/lib/sendmail" || (path.starts_with('/') && path.contains("bin/"))
}

pub(crate) fn write(packages: &[&RepoPackage]) -> Vec<u8> {
    xml::document(|xml| {
        xml.create_element("metadata")
            .with_attribute(("xmlns", "http://linux.duke.edu/metadata/common"))
            .with_attribute(("xmlns:rpm", "http://linux.duke.edu/metadata/rpm"))
            .with_attribute(("packages", packages.len().to_string().as_str()))
            .write_inner_content(|xml| packages.iter().try_for_each(|package| write_package(xml, package)))
            .map(drop)
    })
}

fn write_package(xml: &mut Xml, package: &RepoPackage) -> io::Result<()> {
    let header = &package.header;
    xml.create_element("package").with_attribute(("type", "rpm")).write_inner_content(|xml| {
        xml::text(xml, "name", &header.nevra.name)?;
        xml::text(xml, "arch", &header.nevra.arch)?;
        xml::version(xml, &header.nevra.evr)?;
        write_checksum(xml, package)?;
        xml::text(xml, "summary", &header.summary)?;
        xml::text(xml, "description", &header.description)?;
        xml::text(xml, "packager", &header.packager)?;
        xml::text(xml, "url", &header.url)?;
        write_numbers(xml, package)?;
        xml.create_element("location").with_attribute(("href", package.location.as_str())).write_empty()?;
        xml.create_element("format").write_inner_content(|xml| write_format(xml, header))?;
        Ok(())
    })?;
    Ok(())
}

fn write_checksum(xml: &mut Xml, package: &RepoPackage) -> io::Result<()> {
    xml.create_element("checksum")
        .with_attribute(("type", "sha256"))
        .with_attribute(("pkgid", "YES"))
        .write_text_content(quick_xml::events::BytesText::new(&package.file_sha256.to_string()))?;
    Ok(())
}

fn write_numbers(xml: &mut Xml, package: &RepoPackage) -> io::Result<()> {
    xml.create_element("time")
        .with_attribute(("file", package.time.to_string().as_str()))
        .with_attribute(("build", package.header.build_time.to_string().as_str()))
        .write_empty()?;
    xml.create_element("size")
        .with_attribute(("package", package.file_size.to_string().as_str()))
        .with_attribute(("installed", package.header.installed_size.to_string().as_str()))
        .with_attribute(("archive", package.header.archive_size.to_string().as_str()))
        .write_empty()?;
    Ok(())
}

fn write_format(xml: &mut Xml, header: &PackageHeader) -> io::Result<()> {
    xml::text(xml, "rpm:license", &header.license)?;
    xml::text(xml, "rpm:vendor", &header.vendor)?;
    xml::text(xml, "rpm:group", &header.group)?;
    xml::text(xml, "rpm:buildhost", &header.build_host)?;
    xml::text(xml, "rpm:sourcerpm", header.source_rpm.as_deref().unwrap_or_default())?;
    xml.create_element("rpm:header-range")
        .with_attribute(("start", header.header_range.0.to_string().as_str()))
        .with_attribute(("end", header.header_range.1.to_string().as_str()))
        .write_empty()?;
    dependencies::write(xml, "rpm:provides", &header.provides)?;
    dependencies::write_requires(xml, header)?;
    dependencies::write(xml, "rpm:conflicts", &header.conflicts)?;
    dependencies::write(xml, "rpm:obsoletes", &header.obsoletes)?;
    dependencies::write(xml, "rpm:suggests", &header.suggests)?;
    dependencies::write(xml, "rpm:enhances", &header.enhances)?;
    dependencies::write(xml, "rpm:recommends", &header.recommends)?;
    dependencies::write(xml, "rpm:supplements", &header.supplements)?;
    header.files.iter().filter(|file| is_primary(&file.path)).try_for_each(|file| xml::file(xml, file))
}
