// SPDX-License-Identifier: GPL-2.0-only
//! What is known of files as JSON: of a kernel, so much text that the page would not answer while it is made.

use kabiscope::abi::Abi;

use super::protocol::{Packed, Text, Trouble, WriteJson};

pub(super) fn write(query: &WriteJson) -> Result<Text, Trouble> {
    let abis = query.abis.iter().map(Packed::unpack::<Abi>).collect::<Result<Vec<_>, _>>()?;
    let json = match &abis[..] {
        [abi] => serde_json::to_vec_pretty(abi),
        abis => serde_json::to_vec_pretty(abis),
    };
    let mut json = json.map_err(|error| Trouble::new(error.to_string()))?;
    json.push(b'\n');
    Ok(Text(json))
}
