//! Amounts of bytes as Kubernetes users write them.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// An amount of bytes in Kubernetes' notation, such as `100Mi`, `2Gi` or `500M`. Never zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Size(u64);

/// A text that is no amount of bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an amount of bytes such as 500M, 100Mi or 2Gi")]
pub struct SizeError(String);

/// What a suffix multiplies by, the longest first.
const UNITS: [(&str, u64); 6] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
];

impl Size {
    /// Makes an amount of mebibytes.
    pub const fn from_mebibytes(mebibytes: u64) -> Self {
        Self(mebibytes << 20)
    }

    /// Returns the amount in bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        parse(text)
            .map(Self)
            .ok_or_else(|| SizeError(text.chars().take(40).collect()))
    }
}

fn parse(text: &str) -> Option<u64> {
    let unit = UNITS.iter().find(|(suffix, _)| text.ends_with(suffix));
    let (digits, factor) = match unit {
        Some((suffix, factor)) => (text.strip_suffix(suffix)?, *factor),
        None => (text, 1),
    };
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = is_plain.then(|| digits.parse().ok()).flatten()?;
    number.checked_mul(factor).filter(|bytes| *bytes > 0)
}

impl TryFrom<String> for Size {
    type Error = SizeError;
    fn try_from(text: String) -> Result<Self, SizeError> {
        text.parse()
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        let exact = UNITS.iter().take(3).rev();
        let mut units = exact.filter(|(_, factor)| size.0.is_multiple_of(*factor));
        match units.next() {
            Some((suffix, factor)) => format!("{}{suffix}", size.0 / factor),
            None => size.0.to_string(),
        }
    }
}

/// As people read it, with a decimal at most: `100 MiB`.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut units = [("GiB", 30), ("MiB", 20), ("KiB", 10)].into_iter();
        let Some((unit, shift)) = units.find(|(_, shift)| self.0 >> shift > 0) else {
            let ending = if self.0 == 1 { "" } else { "s" };
            return write!(f, "{} byte{ending}", self.0);
        };
        let tenths = ((u128::from(self.0) * 10) >> shift) % 10;
        match tenths {
            0 => write!(f, "{} {unit}", self.0 >> shift),
            tenths => write!(f, "{}.{tenths} {unit}", self.0 >> shift),
        }
    }
}

impl fmt::Debug for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl JsonSchema for Size {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "maxLength": 16,
            "pattern": "^[1-9][0-9]*(Ki|Mi|Gi|k|M|G)?$",
        })
    }
}

/// Says how many bytes a file has, for people.
pub fn readable(bytes: u64) -> String {
    Size(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_shown() {
        for (text, bytes, shown, back) in [
            ("1", 1, "1 byte", "1"),
            ("1023", 1023, "1023 bytes", "1023"),
            ("1k", 1000, "1000 bytes", "1000"),
            ("1536", 1536, "1.5 KiB", "1536"),
            ("100Mi", 104_857_600, "100 MiB", "100Mi"),
            ("500M", 500_000_000, "476.8 MiB", "500000000"),
            ("32Gi", 34_359_738_368, "32 GiB", "32Gi"),
        ] {
            let size: Size = text.parse().unwrap();
            assert_eq!(size.bytes(), bytes);
            assert_eq!(size.to_string(), shown);
            assert_eq!(String::from(size), back);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "0",
            "0Mi",
            "Mi",
            "-1",
            "1.5Gi",
            "1 Gi",
            "1Ti",
            "1gi",
            "+1",
            "99999999999999999999",
            "99999999999Gi",
        ] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
