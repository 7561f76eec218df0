//! Comma-separated values (RFC 4180), safe to open in a spreadsheet.

/// One line without its end. Cells that a spreadsheet would take for a formula begin with an apostrophe.
pub(crate) fn line(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| self::cell(cell.as_ref())).collect();
    cells.join(",")
}

fn cell(text: &str) -> String {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']);
    let text = if risky { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r', '\t', '\'']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn row_91_no_cell_is_a_formula_and_every_cell_comes_back_whole() {
        let cells = [
            "=cmd|' /C calc'!A0",
            "@SUM(A1)",
            "+1",
            "-2",
            "\tx",
            "\r=1",
            "\0",
            "a,b",
            "say \"hi\"",
            "two\nlines",
            "plain",
            "O'Brien",
        ];
        let text = line(cells);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!(row.len(), cells.len());
        for (read, cell) in row.iter().zip(cells) {
            let risky = cell.starts_with(['=', '@', '+', '-', '\t', '\r', '\0']);
            assert_eq!(read, if risky { format!("'{cell}") } else { cell.to_owned() });
        }
    }
}
