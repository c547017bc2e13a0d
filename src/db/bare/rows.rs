//! Rows of any table as columns of values, read by `array_agg` and written by `unnest`.
//!
//! The columns come from the catalogue, so a column that is added or dropped is followed. What
//! every row leaves at its default is left out, as an import leaves it out; so is what defaults to
//! the time of writing.

use chrono::{DateTime, Utc};
use sqlx::{
    AssertSqlSafe, Postgres, Row as _,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use uuid::Uuid;

use crate::db::{DbError, TenantTx, intake::Kind as Seen};

/// Columns whose value is the same for all rows: whose they are. The company comes first.
pub(super) const CONSTANT: &[&str] = &["company_id", "connection_id", "run_id", "owner_member_id"];

/// A column that is copied.
#[derive(Debug, Clone)]
struct Column {
    name: String,
    kind: Kind,
    /// As Postgres writes it.
    type_name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Uuid,
    Text,
    Small,
    Int,
    Big,
    Float,
    Bool,
    Time,
    /// Lists and documents travel as text, so that nothing is encoded while the clock runs.
    Other,
}

impl Kind {
    fn of(type_name: &str) -> Self {
        match type_name {
            "uuid" => Self::Uuid,
            "text" => Self::Text,
            "smallint" => Self::Small,
            "integer" => Self::Int,
            "bigint" => Self::Big,
            "double precision" => Self::Float,
            "boolean" => Self::Bool,
            "timestamp with time zone" => Self::Time,
            _ => Self::Other,
        }
    }
}

#[derive(Debug)]
enum Values {
    Uuid(Vec<Option<Uuid>>),
    Text(Vec<Option<String>>),
    Small(Vec<Option<i16>>),
    Int(Vec<Option<i32>>),
    Big(Vec<Option<i64>>),
    Float(Vec<Option<f64>>),
    Bool(Vec<Option<bool>>),
    Time(Vec<Option<DateTime<Utc>>>),
}

/// A table and what is copied of it.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) table: &'static str,
    columns: Vec<Column>,
    /// Those of [`CONSTANT`] that the table has and that are set.
    pub(super) constants: Vec<&'static str>,
}

/// One per table that an import writes.
#[derive(Debug)]
pub struct Shapes {
    pub(super) all: Vec<Shape>,
}

impl Shapes {
    /// `None` for a table that this database does not have, or that is empty.
    pub(super) fn of(&self, table: &str) -> Option<&Shape> {
        self.all.iter().find(|shape| shape.table == table)
    }
}

#[derive(sqlx::FromRow)]
struct Described {
    name: String,
    type_name: String,
    /// SQL; `null` where the column has none.
    fallback: String,
}

impl Shape {
    pub(super) async fn read(
        tx: &mut TenantTx,
        table: &'static str,
    ) -> Result<Option<Self>, DbError> {
        let described: Vec<Described> = sqlx::query_as(
            "select attname::text as name, format_type(atttypid, atttypmod) as type_name,
                    coalesce(pg_get_expr(adbin, adrelid), 'null') as fallback
             from pg_attribute
             left join pg_attrdef on adrelid = attrelid and adnum = attnum
             where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
               and attgenerated = ''
             order by attnum",
        )
        .bind(table)
        .fetch_all(tx.conn())
        .await?;
        if described.is_empty() {
            return Ok(None);
        }
        let plain: Vec<String> = described
            .iter()
            .map(|column| match column.fallback.as_str() {
                "now()" => "true".to_owned(),
                fallback => {
                    format!("bool_and({} is not distinct from ({fallback}))", quoted(&column.name))
                }
            })
            .collect();
        let sql = format!("select count(*), {} from {table}", plain.join(", "));
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(tx.conn()).await?;
        if row.try_get::<i64, _>(0)? == 0 {
            return Ok(None);
        }
        let (mut columns, mut constants) = (Vec::new(), Vec::new());
        for (at, column) in described.into_iter().enumerate() {
            if row.try_get::<Option<bool>, _>(at + 1)?.unwrap_or(true) {
                continue;
            }
            match CONSTANT.iter().find(|name| **name == column.name) {
                Some(name) => constants.push(*name),
                None => columns.push(Column {
                    kind: Kind::of(&column.type_name),
                    name: column.name,
                    type_name: column.type_name,
                }),
            }
        }
        Ok(Some(Self { table, columns, constants }))
    }

    /// `select count(*), array_agg(...), ... from (<rows>) as page`; `rows` selects from the table.
    pub(super) fn select(&self, rows: &str) -> String {
        let columns = self.columns.iter().map(|column| {
            let cast = if column.kind == Kind::Other { "::text" } else { "" };
            format!("array_agg({}{cast})", quoted(&column.name))
        });
        let mut columns = columns.collect::<Vec<_>>();
        columns.insert(0, "count(*)".to_owned());
        format!("select {} from ({rows}) as page", columns.join(", "))
    }

    pub(super) fn rows(&self, row: &PgRow) -> Result<Option<Rows>, DbError> {
        let count: i64 = row.try_get(0)?;
        if count == 0 {
            return Ok(None);
        }
        let values = self.columns.iter().enumerate().map(|(at, column)| {
            let at = at + 1;
            Ok(match column.kind {
                Kind::Uuid => Values::Uuid(row.try_get(at)?),
                Kind::Text | Kind::Other => Values::Text(row.try_get(at)?),
                Kind::Small => Values::Small(row.try_get(at)?),
                Kind::Int => Values::Int(row.try_get(at)?),
                Kind::Big => Values::Big(row.try_get(at)?),
                Kind::Float => Values::Float(row.try_get(at)?),
                Kind::Bool => Values::Bool(row.try_get(at)?),
                Kind::Time => Values::Time(row.try_get(at)?),
            })
        });
        let values = values.collect::<Result<_, sqlx::Error>>()?;
        Ok(Some(Rows { table: self.table, sql: self.insert(), count, values }))
    }

    fn insert(&self) -> String {
        let names = |prefix: &str, cast: bool| {
            let named = self.columns.iter().map(|column| {
                let to = if cast && column.kind == Kind::Other {
                    format!("::{}", column.type_name)
                } else {
                    String::new()
                };
                format!("{prefix}{}{to}", quoted(&column.name))
            });
            named.collect::<Vec<_>>().join(", ")
        };
        let first = self.constants.len() + 1;
        let constants: Vec<String> = (1..first).map(|at| format!("${at}")).collect();
        let arrays = self.columns.iter().enumerate().map(|(at, column)| {
            let kind = if column.kind == Kind::Other { "text" } else { &column.type_name };
            format!("${}::{kind}[]", first + at)
        });
        format!(
            "insert into {} ({}, {}) select {}, {} from unnest({}) as new ({})",
            self.table,
            self.constants.join(", "),
            names("", false),
            constants.join(", "),
            names("new.", true),
            arrays.collect::<Vec<_>>().join(", "),
            names("", false),
        )
    }

    /// Where a column stands among those that are copied.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// Rows that are ready to be written.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) table: &'static str,
    pub(super) sql: String,
    pub(super) count: i64,
    values: Vec<Values>,
}

impl Rows {
    pub(super) fn bind<'q>(
        &'q self,
        mut query: Query<'q, Postgres, PgArguments>,
    ) -> Query<'q, Postgres, PgArguments> {
        for values in &self.values {
            query = match values {
                Values::Uuid(values) => query.bind(values),
                Values::Text(values) => query.bind(values),
                Values::Small(values) => query.bind(values),
                Values::Int(values) => query.bind(values),
                Values::Big(values) => query.bind(values),
                Values::Float(values) => query.bind(values),
                Values::Bool(values) => query.bind(values),
                Values::Time(values) => query.bind(values),
            };
        }
        query
    }

    pub(super) fn uuids(&self, at: usize) -> Vec<Uuid> {
        match self.values.get(at) {
            Some(Values::Uuid(values)) => values.iter().copied().flatten().collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn texts(&self, at: usize) -> Vec<String> {
        match self.values.get(at) {
            Some(Values::Text(values)) => values.iter().flatten().cloned().collect(),
            _ => Vec::new(),
        }
    }
}

/// What one transaction writes, in the order of its foreign keys.
#[derive(Debug, Default)]
pub struct Page {
    pub(super) rows: Vec<Rows>,
    /// Remote records of the page: the row of `sync_seen` that an import drops when it ends.
    pub(super) seen: Option<(Seen, Vec<String>)>,
}

impl Page {
    /// Rows of a table in this page.
    pub fn count(&self, table: &str) -> i64 {
        self.rows.iter().filter(|rows| rows.table == table).map(|rows| rows.count).sum()
    }

    /// Of all tables.
    pub fn rows(&self) -> i64 {
        self.rows.iter().map(|rows| rows.count).sum::<i64>() + i64::from(self.seen.is_some())
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
