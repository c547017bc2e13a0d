//! The rows of an import in pages, as the import wrote them, and the bare insert of a page.

use sqlx::{AssertSqlSafe, Postgres, postgres::PgArguments, query::Query};
use uuid::Uuid;

use super::rows::{Page, Rows, Shape, Shapes};
use crate::{
    db::{
        DbError, TenantTx,
        intake::{Kind, note_seen},
    },
    domain::{CompanyId, ConnectionId, MemberId, RunId},
};

/// What an import writes, each behind the tables that it refers to.
const TABLES: &[&str] =
    &["organization", "remote_deal", "contact", "identifier", "mapping", "sync_entry"];
/// Bytes of a page of Postgres.
const BLOCK: i64 = 8192;

/// Whose the copies are.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    pub company_id: CompanyId,
    pub connection_id: ConnectionId,
    pub run_id: RunId,
    pub member_id: MemberId,
}

impl Given {
    fn bind<'q>(
        self,
        mut query: Query<'q, Postgres, PgArguments>,
        constants: &[&str],
    ) -> Query<'q, Postgres, PgArguments> {
        for constant in constants {
            query = match *constant {
                "company_id" => query.bind(self.company_id),
                "connection_id" => query.bind(self.connection_id),
                "run_id" => query.bind(self.run_id),
                _ => query.bind(self.member_id),
            };
        }
        query
    }
}

pub async fn shapes(tx: &mut TenantTx) -> Result<Shapes, DbError> {
    let mut all = Vec::new();
    for table in TABLES {
        all.extend(Shape::read(tx, table).await?);
    }
    Ok(Shapes { all })
}

/// Organizations behind `after` with their mappings, and where the page ended.
pub async fn organizations(
    tx: &mut TenantTx,
    shapes: &Shapes,
    after: Uuid,
    size: i64,
) -> Result<Option<(Page, Uuid)>, DbError> {
    let Some((rows, ids)) = page_of(tx, shapes, "organization", after, size).await? else {
        return Ok(None);
    };
    let mut page = Page { rows: vec![rows], seen: None };
    let mappings = "select * from mapping where organization_id = any($1)";
    if let Some(mappings) = among(tx, shapes, "mapping", mappings, &ids).await? {
        page.seen = Some((Kind::Organization, remote_ids(shapes, &mappings)));
        page.rows.push(mappings);
    }
    Ok(ids.last().map(|end| (page, *end)))
}

/// Up to `pages` pages of contacts behind `after`, each with its identifiers, mappings and a page
/// of the log of `run_id`; `number` is the first page's.
pub async fn chunk(
    tx: &mut TenantTx,
    shapes: &Shapes,
    run_id: RunId,
    (mut after, number): (Uuid, i32),
    (pages, size): (i32, i64),
) -> Result<(Vec<Page>, Uuid), DbError> {
    let mut chunk = Vec::new();
    for number in number..number + pages {
        let Some((rows, ids)) = page_of(tx, shapes, "contact", after, size).await? else { break };
        after = ids.last().copied().unwrap_or(after);
        let mut page = Page { rows: vec![rows], seen: None };
        let identifiers = "select * from identifier where contact_id = any($1)
             order by kind, value, holder";
        page.rows.extend(among(tx, shapes, "identifier", identifiers, &ids).await?);
        let mappings = "select * from mapping where contact_id = any($1)";
        if let Some(mappings) = among(tx, shapes, "mapping", mappings, &ids).await? {
            page.seen = Some((Kind::Person, remote_ids(shapes, &mappings)));
            page.rows.push(mappings);
        }
        page.rows.extend(entries(tx, shapes, run_id, number, Some(number)).await?);
        chunk.push(page);
    }
    Ok((chunk, after))
}

/// The log of `run_id` from page `number` on: what came behind the last page of contacts.
pub async fn entries_left(
    tx: &mut TenantTx,
    shapes: &Shapes,
    run_id: RunId,
    number: i32,
) -> Result<Page, DbError> {
    let rows = entries(tx, shapes, run_id, number, None).await?;
    Ok(Page { rows: rows.into_iter().collect(), seen: None })
}

/// Entries are numbered by page of the run; pages are counted from the first that has any.
async fn entries(
    tx: &mut TenantTx,
    shapes: &Shapes,
    run_id: RunId,
    first: i32,
    last: Option<i32>,
) -> Result<Option<Rows>, DbError> {
    let Some(shape) = shapes.of("sync_entry") else { return Ok(None) };
    let sql = shape.select(
        "select * from sync_entry
         where run_id = $1
           and page >= $2 + (select min(page) from sync_entry where run_id = $1)
           and ($3::int is null
                or page <= $3 + (select min(page) from sync_entry where run_id = $1))",
    );
    let query = sqlx::query(AssertSqlSafe(sql)).bind(run_id).bind(first).bind(last);
    shape.rows(&query.fetch_one(tx.conn()).await?)
}

/// Windows of blocks with about `size` deals each: deals have no key in the order of writing.
pub async fn windows_of_deals(tx: &mut TenantTx, size: i64) -> Result<Vec<(i64, i64)>, DbError> {
    let (count, bytes): (i64, i64) =
        sqlx::query_as("select count(*), pg_relation_size('remote_deal') from remote_deal")
            .fetch_one(tx.conn())
            .await?;
    let blocks = bytes / BLOCK;
    let step = (blocks * size / count.max(1)).max(1);
    Ok((0..blocks)
        .step_by(usize::try_from(step).unwrap_or(1))
        .map(|from| (from, from + step))
        .collect())
}

pub async fn deals(
    tx: &mut TenantTx,
    shapes: &Shapes,
    (from, until): (i64, i64),
) -> Result<Page, DbError> {
    let Some(shape) = shapes.of("remote_deal") else { return Ok(Page::default()) };
    let sql = shape
        .select("select * from remote_deal where ctid >= $1::text::tid and ctid < $2::text::tid");
    let query = sqlx::query(AssertSqlSafe(sql)).bind(format!("({from},0)"));
    let row = query.bind(format!("({until},0)")).fetch_one(tx.conn()).await?;
    let Some(rows) = shape.rows(&row)? else { return Ok(Page::default()) };
    let seen = Some((Kind::Deal, remote_ids(shapes, &rows)));
    Ok(Page { rows: vec![rows], seen })
}

fn remote_ids(shapes: &Shapes, rows: &Rows) -> Vec<String> {
    let at = shapes.of(rows.table).and_then(|shape| shape.position("remote_id"));
    at.map(|at| rows.texts(at)).unwrap_or_default()
}

/// A page by the key of the table, `<table>_id`: ids are made in the order of writing.
async fn page_of(
    tx: &mut TenantTx,
    shapes: &Shapes,
    table: &str,
    after: Uuid,
    size: i64,
) -> Result<Option<(Rows, Vec<Uuid>)>, DbError> {
    let Some(shape) = shapes.of(table) else { return Ok(None) };
    let key = format!("{table}_id");
    let sql =
        shape.select(&format!("select * from {table} where {key} > $1 order by {key} limit $2"));
    let query = sqlx::query(AssertSqlSafe(sql)).bind(after).bind(size);
    let rows = shape.rows(&query.fetch_one(tx.conn()).await?)?;
    let at = shape.position(&key).unwrap_or_default();
    Ok(rows.map(|rows| {
        let ids = rows.uuids(at);
        (rows, ids)
    }))
}

async fn among(
    tx: &mut TenantTx,
    shapes: &Shapes,
    table: &str,
    rows: &str,
    ids: &[Uuid],
) -> Result<Option<Rows>, DbError> {
    let Some(shape) = shapes.of(table) else { return Ok(None) };
    let query = sqlx::query(AssertSqlSafe(shape.select(rows))).bind(ids);
    shape.rows(&query.fetch_one(tx.conn()).await?)
}

/// Writes a page, the `number`th of its run: one statement per table.
pub async fn insert(
    tx: &mut TenantTx,
    shapes: &Shapes,
    given: Given,
    number: i32,
    page: &Page,
) -> Result<(), DbError> {
    for rows in &page.rows {
        let constants = shapes.of(rows.table).map_or(&[][..], |shape| &shape.constants);
        let query = sqlx::query(AssertSqlSafe(rows.sql.as_str().to_owned()));
        rows.bind(given.bind(query, constants)).execute(tx.conn()).await?;
    }
    if let Some((kind, ids)) = &page.seen {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        note_seen(tx, given.run_id, number, *kind, &ids).await?;
    }
    Ok(())
}

/// Some contacts from all over the book, `(id, full name)`, the same in each call.
pub async fn sample(tx: &mut TenantTx, most: i64) -> Result<Vec<(Uuid, String)>, DbError> {
    Ok(sqlx::query_as(
        "select contact_id, full_name from contact order by md5(contact_id::text) limit $1",
    )
    .bind(most)
    .fetch_all(tx.conn())
    .await?)
}
