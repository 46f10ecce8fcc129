//! A table for a terminal.

/// Prints rows under headings, each column as wide as it needs to be; the last one wraps under itself.
pub(super) fn print(headings: &[&str], rows: &[Vec<String>]) {
    print!("{}", render(headings, rows));
}

fn render(headings: &[&str], rows: &[Vec<String>]) -> String {
    let headings: Vec<String> = headings
        .iter()
        .map(|heading| (*heading).to_owned())
        .collect();
    lines(std::iter::once(&headings).chain(rows))
}

/// Returns rows as lines, each column as wide as it needs to be.
pub(super) fn lines<'a>(rows: impl Iterator<Item = &'a Vec<String>> + Clone) -> String {
    let mut widths = Vec::new();
    for row in rows.clone() {
        widths.resize(row.len().max(widths.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    rows.map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = row
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:<width$}"));
    let cells: Vec<_> = cells.collect();
    format!("{}\n", cells.join("  ").trim_end())
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_line_up() {
        let rows = [
            vec!["ä".to_owned(), "x".to_owned()],
            vec!["long".to_owned(), String::new()],
        ];
        assert_eq!(
            super::render(&["A", "B"], &rows),
            "A     B\nä     x\nlong\n"
        );
    }
}
