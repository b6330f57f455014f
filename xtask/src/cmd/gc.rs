//! `gc`.

use azl_pipeline::error::Failure;
use azl_pipeline::gc::{self, Mode};
use azl_store::gc::Limits;
use clap::Args;
use serde_json::json;

use super::Context;

/// Make the store smaller: what the last runs need stays, of the rest goes what was used least recently
#[derive(Debug, Args)]
pub(crate) struct Gc {
    /// Keep what this many of the last runs need, whatever its size
    #[arg(long, value_name = "N", default_value_t = 5)]
    keep_runs: usize,
    /// Remove until the store is no larger than this, e.g. 500M or 20G
    #[arg(long, value_name = "SIZE", default_value = "20G", value_parser = bytes)]
    size: u64,
    /// Only show what would go
    #[arg(long)]
    dry_run: bool,
}

impl Gc {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failure> {
        let mode = if self.dry_run { Mode::Survey } else { Mode::Collect };
        let limits = Limits { runs: self.keep_runs, size: self.size };
        let report = gc::gc(&context.store()?, limits, mode, &context.ui)?;
        context.ui.result(&report.to_string(), &json!({ "event": "collected", "report": report }));
        Ok(())
    }
}

/// Reads a number of bytes with an optional unit of 1024: K, M, G or T.
fn bytes(text: &str) -> Result<u64, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let shift = match unit {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        other => return Err(format!("unknown unit `{other}`: use K, M, G or T")),
    };
    let number: u64 =
        text[..text.len() - unit.len()].parse().map_err(|_| "a size is a number and a unit".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        assert_eq!(bytes("20G"), Ok(20 << 30));
        assert_eq!(bytes("7"), Ok(7));
        for wrong in ["", "G", "20g", "1.5G", "99999999T", "-1"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
