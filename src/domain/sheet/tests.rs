//! Every ugly kind of file.

use proptest::prelude::*;

use super::*;

fn charset_of(bytes: &[u8]) -> Charset {
    let mut arrival = Arrival::default();
    // Pieces cut characters in two.
    bytes.chunks(3).for_each(|piece| arrival.see(piece));
    arrival.charset()
}

/// A file read in pieces of `size` bytes.
fn read_in(bytes: &[u8], charset: Charset, delimiter: Delimiter, size: usize) -> Vec<Row> {
    let (mut decoder, mut reader) = (Decoder::new(charset), Reader::new(delimiter.byte()));
    let mut rows = Vec::new();
    for piece in bytes.chunks(size) {
        reader.push(&decoder.decode(piece, false), &mut rows);
    }
    reader.push(&decoder.decode(&[], true), &mut rows);
    reader.finish(&mut rows);
    rows
}

fn cells(rows: &[Row]) -> Vec<Vec<&str>> {
    rows.iter().map(|row| row.cells.iter().map(String::as_str).collect()).collect()
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    let mark = std::iter::once(0xFEFF);
    let units = mark.chain(text.encode_utf16());
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

#[test]
fn every_encoding_is_told_and_read() {
    let text = "Name;Stadt\r\nJürgen;Köln\r\n";
    let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    let bare: Vec<u8> = utf16(text, false)[2..].to_vec();
    let ansi = b"Name;Stadt\r\nJ\xFCrgen;K\xF6ln\r\n".to_vec();
    for (bytes, charset) in [
        (text.as_bytes().to_vec(), Charset::Utf8),
        (marked, Charset::Utf8),
        (utf16(text, false), Charset::Utf16Le),
        (utf16(text, true), Charset::Utf16Be),
        (bare, Charset::Utf16Le),
        (ansi, Charset::Windows1252),
    ] {
        assert_eq!(charset_of(&bytes), charset);
        for size in [1, 2, 3, 1_000] {
            let rows = read_in(&bytes, charset, Delimiter::Semicolon, size);
            assert_eq!(cells(&rows), [["Name", "Stadt"], ["Jürgen", "Köln"]], "{charset:?} {size}");
        }
    }
    assert_eq!(charset_of(b""), Charset::Utf8);
    // A character that is cut off at the end is none.
    assert_eq!(charset_of(b"J\xC3"), Charset::Windows1252);
}

#[test]
fn lines_are_counted_with_a_last_one_that_has_no_end() {
    for (bytes, lines) in [(&b""[..], 0), (b"a", 1), (b"a\r\nb", 2), (b"a\rb\r", 2)] {
        let mut arrival = Arrival::default();
        bytes.chunks(1).for_each(|piece| arrival.see(piece));
        assert_eq!(arrival.lines(), lines, "{bytes:?}");
    }
}

#[test]
fn every_kind_of_row_is_read_as_it_was_meant() {
    for (text, expected) in [
        ("", &[][..]),
        ("\n\r\n\n", &[]),
        ("a,b", &[&["a", "b"][..]][..]),
        ("a,b\nc,d\n", &[&["a", "b"], &["c", "d"]]),
        ("a,b\rc,d\r", &[&["a", "b"], &["c", "d"]]),
        ("a,b\r\n\r\nc,d", &[&["a", "b"], &["c", "d"]]),
        ("\"a,\"\"x\"\"\",b", &[&["a,\"x\"", "b"]]),
        ("\"a\nb\",c\nd,e", &[&["a\nb", "c"], &["d", "e"]]),
        ("say \"hi\",b", &[&["say \"hi\"", "b"]]),
        ("a\0b,\u{7}c\td", &[&["ab", "c\td"]]),
        (",\n", &[&["", ""]]),
        ("a\n b , c ,d", &[&["a"], &[" b ", " c ", "d"]]),
        ("sep=,\na,b", &[&["a", "b"]]),
        // A quote that is never closed takes the rest along.
        ("a,\"b\nc,d", &[&["a", "b\nc,d"]]),
    ] {
        for size in [1, 2, 1_000] {
            let rows = read_in(text.as_bytes(), Charset::Utf8, Delimiter::Comma, size);
            assert_eq!(cells(&rows), expected, "{text:?} in pieces of {size}");
        }
    }
    let wide = vec!["x"; 300].join("\t");
    assert_eq!(read_in(wide.as_bytes(), Charset::Utf8, Delimiter::Tab, 7)[0].cells.len(), 300);
}

#[test]
fn a_row_that_is_too_long_is_cut_and_counted_and_the_next_one_is_whole() {
    for text in [
        format!("h\n{}\nnext", "x".repeat(LONGEST_ROW * 3)),
        format!("h\n{}\nnext", ",".repeat(9_000)),
    ] {
        let rows = read_in(text.as_bytes(), Charset::Utf8, Delimiter::Comma, 10_000);
        let seen: Vec<_> = rows.iter().map(|row| (row.number, row.too_long)).collect();
        assert_eq!(seen, [(1, false), (2, true), (3, false)]);
        assert_eq!(rows[2].cells, ["next"]);
        assert!(rows[1].cells[0].len() <= 1_000);
    }
}

#[test]
fn delimiter_and_header_are_guessed_from_the_rows() {
    for (text, delimiter, header) in [
        ("Name,E-Mail\nAda,ada@x.de\n", Delimiter::Comma, true),
        ("Name;E-Mail\nLovelace, Ada;ada@x.de\nHopper, Grace;g@x.de", Delimiter::Semicolon, true),
        ("Name\tBetrag\nAda\t1,5\nBob\t2,25", Delimiter::Tab, true),
        ("Ada|ada@x.de\nBob|bob@x.de", Delimiter::Pipe, false),
        ("Ada;030 901820\nBob;030 901821", Delimiter::Semicolon, false),
        ("Email\nada@x.de", Delimiter::Comma, true),
        ("ada@x.de\nbob@x.de", Delimiter::Comma, false),
        ("sep=;\nName;Notiz\nAda;a,b,c,d,e", Delimiter::Semicolon, true),
        ("", Delimiter::Comma, false),
    ] {
        let (found, is_header, _) = guess(text, true, None, None);
        assert_eq!((found, is_header), (delimiter, header), "{text:?}");
    }
}

#[test]
fn columns_are_known_in_many_languages_and_from_what_other_programs_export() {
    use Field::{
        ContactId, Custom, Email, FirstName, FullName, Ignore, LastName, Organization, Owner,
        Phone, Tags,
    };
    for (names, expected) in [
        (
            &["Vorname", "Name", "Firma", "Telefon"][..],
            &[FirstName, LastName, Organization, Phone][..],
        ),
        (&["Prénom", "Nom", "Courriel", "Société"], &[FirstName, LastName, Email, Organization]),
        (&["Nombre", "Apellidos", "Correo electrónico"], &[FirstName, LastName, Email]),
        (&["Voornaam", "Achternaam", "Mailadres"], &[FirstName, LastName, Email]),
        (
            &[
                "Person - Name",
                "Person - Email - Work",
                "Person - Phone - Mobile",
                "Person - Organization",
            ],
            &[FullName, Email, Phone, Organization],
        ),
        (
            &["FirstName", "LastName", "Account Name", "MobilePhone"],
            &[FirstName, LastName, Organization, Phone],
        ),
        (
            &["Given Name", "Family Name", "E-mail 1 - Value", "Phone 1 - Value"],
            &[FirstName, LastName, Email, Phone],
        ),
        (
            &["Name", "Email Opt Out", "Phone type", "", "Birthday"],
            &[FullName, Custom, Custom, Ignore, Custom],
        ),
        (&["Contact owner", "Tags", "Label", "Tandem ID"], &[Owner, Tags, Tags, ContactId]),
    ] {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let fields: Vec<_> = guess_columns(&names).into_iter().map(|column| column.field).collect();
        assert_eq!(fields, expected, "{names:?}");
    }
    let twice = guess_columns(&["Note".to_owned(), "Note".to_owned(), String::new()]);
    let names: Vec<_> = twice.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["Note", "Note (2)", "Column 3"]);
}

fn row_of(cells: &[&str]) -> Row {
    let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
    Row { number: 2, cells, too_long: false }
}

fn columns() -> Vec<Column> {
    let of = |name: &str, field| Column { name: name.to_owned(), field };
    vec![of("Name", Field::FullName), of("Mail", Field::Email), of("Tags", Field::Tags)]
}

#[test]
fn a_bad_row_says_which_column_is_wrong_and_not_what_is_in_it() {
    for (cells, reason) in [
        (&["", ""][..], "neither a name nor an e-mail"),
        (&["Ada", "ada at x.de"], "“Mail” holds something that is no e-mail address"),
        (&["Ada", "ada@x.de", "", "more"], "more cells than there are columns"),
        (&["Ad\u{fffd}", ""], "“Name” has characters"),
        (&["Ada", "\"ada@x.de\nBob"], "a quote is opened"),
        (&["Ada", "ada@x.de; secret"], "“Mail” holds something"),
    ] {
        let refused = read(&row_of(cells), &columns()).unwrap_err();
        assert!(refused.to_lowercase().contains(&reason.to_lowercase()), "{cells:?}: {refused}");
        assert!(!refused.contains("secret") && !refused.contains("ada"), "{refused}");
    }
    let long = "x".repeat(2_000);
    assert!(
        read(&row_of(&[long.as_str(), ""]), &columns()).unwrap_err().contains("longer than 1000")
    );
}

#[test]
fn a_good_row_is_read_with_all_its_addresses_and_tags() {
    let row = row_of(&[" 'tis Ada ", "Ada@x.de; ada@y.de", "vip; berlin", "", " "]);
    let person = read(&row, &columns()).unwrap();
    assert_eq!(person.name.as_deref(), Some("'tis Ada"));
    let emails: Vec<_> = person.emails.iter().map(|email| (&*email.value, email.primary)).collect();
    assert_eq!(emails, [("Ada@x.de", true), ("ada@y.de", false)]);
    assert_eq!(person.tags, ["vip", "berlin"]);
    assert_eq!(read(&row_of(&["'=1+1"]), &columns()).unwrap().name.as_deref(), Some("=1+1"));
    assert_eq!(read(&row_of(&["Ada", "n/a"]), &columns()).unwrap().emails, []);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_fail_and_pieces_make_no_difference(
        bytes in prop::collection::vec(prop_oneof![
            any::<u8>(), Just(b','), Just(b';'), Just(b'"'), Just(b'\n'), Just(b'\r'), Just(0)
        ], 0..400),
        size in 1_usize..50,
    ) {
        for charset in Charset::ALL {
            let whole = read_in(&bytes, charset, Delimiter::Comma, 1_000);
            let pieces = read_in(&bytes, charset, Delimiter::Comma, size);
            prop_assert_eq!(&whole, &pieces);
            // No row is lost: each has its number.
            for (at, row) in whole.iter().enumerate() {
                let first = whole[0].number;
                prop_assert_eq!(row.number, first + i64::try_from(at).unwrap());
                let columns = columns();
                let _ = read(row, &columns);
            }
        }
        let _ = charset_of(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = guess(&text, true, None, None);
    }

    #[test]
    fn what_we_write_is_what_is_read(
        table in prop::collection::vec(prop::collection::vec("[ -~äß\n'=;@\"]{0,12}", 3), 1..6)
    ) {
        let text: String = table
            .iter()
            .map(|row| crate::domain::csv::row(row.iter().map(String::as_str)))
            .collect();
        let rows = read_in(text.as_bytes(), Charset::Utf8, Delimiter::Comma, 11);
        let read: Vec<Vec<&str>> = rows
            .iter()
            .map(|row| row.cells.iter().map(|cell| crate::domain::csv::unescaped(cell)).collect())
            .collect();
        prop_assert_eq!(read, table);
    }

    #[test]
    fn a_list_in_a_cell_is_the_same_list(
        values in prop::collection::vec("[!-~]([ -~]{0,8}[!-~])?", 0..4)
    ) {
        let bare: Vec<&str> = values.iter().map(String::as_str).filter(|value| *value != ";").collect();
        let cell = join(&bare);
        prop_assert_eq!(split(&cell).collect::<Vec<_>>(), bare);
    }
}
