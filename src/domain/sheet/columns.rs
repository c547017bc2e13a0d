//! Which column means what, guessed from its header in the languages that such files come in.

use serde::{Deserialize, Serialize};

use super::Row;
use crate::domain::Email;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Ignore,
    FullName,
    FirstName,
    LastName,
    Email,
    Phone,
    Organization,
    /// E-mail of a member.
    Owner,
    Tags,
    /// Our own id, as our export writes it.
    ContactId,
    /// Kept under the column's name.
    Custom,
}

/// One column of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// As the header has it, or `Column 3`.
    pub name: String,
    pub field: Field,
}

const FULL: &[&str] = &[
    "name",
    "fullname",
    "contactname",
    "displayname",
    "contact",
    "person",
    "personname",
    "kontakt",
    "kontaktname",
    "ansprechpartner",
    "vollständigername",
    "nom",
    "nomcomplet",
    "nombrecompleto",
    "nombreyapellidos",
    "nomecompleto",
    "nomeecognome",
    "naam",
    "volledigenaam",
    "imięinazwisko",
    "namn",
    "navn",
];
/// Where a column of the first name stands beside these, they are the last name.
const FULL_OR_LAST: &[&str] = &["name", "nom", "naam", "namn", "navn"];
const FIRST: &[&str] = &[
    "firstname",
    "givenname",
    "forename",
    "first",
    "personfirstname",
    "vorname",
    "prénom",
    "prenom",
    "nombre",
    "nombres",
    "nome",
    "voornaam",
    "imię",
    "imie",
    "förnamn",
    "fornavn",
];
const LAST: &[&str] = &[
    "lastname",
    "surname",
    "familyname",
    "last",
    "personlastname",
    "nachname",
    "familienname",
    "nomdefamille",
    "apellido",
    "apellidos",
    "cognome",
    "sobrenome",
    "apelido",
    "achternaam",
    "nazwisko",
    "efternamn",
    "etternavn",
    "efternavn",
];
const ORGANIZATION: &[&str] = &[
    "company",
    "companyname",
    "organization",
    "organisation",
    "organizationname",
    "organisationname",
    "organization1name",
    "personorganization",
    "personorganisation",
    "account",
    "accountname",
    "employer",
    "associatedcompany",
    "firma",
    "firmenname",
    "unternehmen",
    "organisationsname",
    "société",
    "societe",
    "entreprise",
    "organisme",
    "empresa",
    "compañía",
    "azienda",
    "società",
    "ragionesociale",
    "bedrijf",
    "bedrijfsnaam",
    "firmanaam",
    "organisatie",
    "företag",
    "virksomhed",
    "przedsiębiorstwo",
];
const OWNER: &[&str] = &[
    "owner",
    "owneremail",
    "contactowner",
    "personowner",
    "besitzer",
    "eigentümer",
    "zuständig",
    "verantwortlich",
    "propriétaire",
    "propietario",
    "proprietario",
    "eigenaar",
];
const TAGS: &[&str] = &[
    "tags",
    "tag",
    "label",
    "labels",
    "personlabel",
    "personlabels",
    "schlagworte",
    "schlagwörter",
    "kategorien",
    "categories",
    "étiquettes",
    "etiquetas",
    "etichette",
];
/// Columns of our own export that an import does not read.
const OURS: &[&str] =
    &["warmness", "source", "createdutc", "updatedutc", "lastcontactedutc", "customfields"];
const EMAIL: &[&str] = &["email", "mailadres", "courriel", "correoelectr", "epost", "mailwork"];
const PHONE: &[&str] = &[
    "phone",
    "telefon",
    "téléphone",
    "telephone",
    "telefono",
    "teléfono",
    "telefone",
    "telefoon",
    "mobile",
    "mobil",
    "handy",
    "móvil",
    "cellulare",
    "portable",
    "gsm",
    "celular",
];
/// Beside an address or a number in a column's name: the column says something about it.
const ABOUT: &[&str] = &[
    "type", "label", "status", "optout", "optin", "consent", "domain", "unsub", "bounce", "fax",
    "verified", "opened", "clicked", "date", "count",
];

/// Guesses each column. What is not known is kept by its name: nothing is dropped silently.
pub fn guess_columns(names: &[String]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (at, raw) in names.iter().enumerate() {
        let bare = raw.split_whitespace().collect::<Vec<_>>().join(" ");
        let field =
            if bare.is_empty() { Field::Ignore } else { known(&bare).unwrap_or(Field::Custom) };
        let bare: String = bare.chars().take(100).collect();
        let bare = if bare.is_empty() { format!("Column {}", at + 1) } else { bare };
        let name = unused(&bare, &columns);
        columns.push(Column { name, field });
    }
    let has = |field: Field| columns.iter().any(|column| column.field == field);
    if has(Field::FirstName) && !has(Field::LastName) {
        let beside = columns.iter_mut().find(|column| {
            column.field == Field::FullName && FULL_OR_LAST.contains(&plain(&column.name).as_str())
        });
        if let Some(column) = beside {
            column.field = Field::LastName;
        }
    }
    columns
}

/// Without a header only values tell: where most are addresses or numbers, and who is called what is
/// the first of the rest.
pub fn guess_by_values(columns: &mut [Column], rows: &[Row]) {
    for (at, column) in columns.iter_mut().enumerate() {
        let cells = rows.iter().filter_map(|row| row.cells.get(at)).map(|cell| cell.trim());
        let cells: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
        let most = |is: fn(&str) -> bool| {
            !cells.is_empty() && cells.iter().filter(|cell| is(cell)).count() * 2 > cells.len()
        };
        column.field = if most(|cell| Email::parse(cell).is_some()) {
            Field::Email
        } else if most(is_number) {
            Field::Phone
        } else {
            Field::Custom
        };
    }
    if let Some(first) = columns.iter_mut().find(|column| column.field == Field::Custom) {
        first.field = Field::FullName;
    }
}

fn is_number(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let signs = |letter: char| letter.is_ascii_digit() || " +-()/.".contains(letter);
    (7..=15).contains(&digits) && cell.chars().all(signs) && cell.starts_with(['+', '0', '('])
}

/// Two columns of one name stay apart.
fn unused(name: &str, columns: &[Column]) -> String {
    let taken = |name: &str| columns.iter().any(|column| column.name == name);
    let mut candidates = (2..).map(|number| format!("{name} ({number})"));
    if taken(name) {
        candidates.find(|name| !taken(name)).unwrap_or_default()
    } else {
        name.to_owned()
    }
}

/// Lower-cased letters and digits.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a header names, if it is one that we know.
pub(super) fn known(header: &str) -> Option<Field> {
    let name = plain(header);
    let name = name.as_str();
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let lists: [(&[&str], Field); 10] = [
        (FULL, Field::FullName),
        (FIRST, Field::FirstName),
        (LAST, Field::LastName),
        (ORGANIZATION, Field::Organization),
        (OWNER, Field::Owner),
        (TAGS, Field::Tags),
        (OURS, Field::Ignore),
        (&["tandemid"], Field::ContactId),
        (&["mail", "mails"], Field::Email),
        (&["tel"], Field::Phone),
    ];
    let exact = lists.iter().find(|(words, _)| words.contains(&name)).map(|(_, field)| *field);
    exact.or_else(|| {
        if says(ABOUT) || name.contains("owner") {
            None
        } else if says(EMAIL) {
            Some(Field::Email)
        } else if says(PHONE) {
            Some(Field::Phone)
        } else {
            None
        }
    })
}
