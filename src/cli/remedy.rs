//! `deputy remedy`: what an administrator has to grant, before the connection is first tried.

use std::process::ExitCode;

use super::check::open;
use super::input::InputArgs;
use super::table;
use crate::providers::{Clients, Mandate};

pub(super) async fn run(input: &InputArgs, clients: &Clients) -> anyhow::Result<ExitCode> {
    let input = input.read()?;
    let session = open(&input, clients).await?;
    print!("{}", told(&session.mandate(&input.request())));
    Ok(ExitCode::SUCCESS)
}

fn told(mandate: &Mandate) -> String {
    let mut text = format!("{}\n", mandate.instruction);
    if !mandate.values.is_empty() {
        let rows: Vec<_> = mandate
            .values
            .iter()
            .map(|(name, value)| vec![(*name).to_owned(), value.clone()])
            .collect();
        text.push('\n');
        text.push_str(&table::lines(rows.iter()));
    }
    if let Some(url) = &mandate.url {
        text.push_str("\nAll filled in:\n");
        text.push_str(url);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_below_each_other_to_be_pasted() {
        let mandate = Mandate {
            instruction: "Do this.".into(),
            values: vec![("Client ID", "1074".into()), ("OAuth scopes", "a,b".into())],
            url: Some("https://console.example/?a".into()),
        };
        let text = "Do this.\n\nClient ID     1074\nOAuth scopes  a,b\n\nAll filled in:\nhttps://console.example/?a\n";
        assert_eq!(told(&mandate), text);
    }
}
