//! Takes a file in as it comes: what has arrived is written away, and memory holds one piece.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};

use super::FileError;
use crate::{
    db::{self, DbError},
    domain::{FileId, sheet::Arrival},
    flows::{Hub, contacts::By, throttle},
};

/// Of a file: 500,000 rows of 400 bytes.
pub const MOST_BYTES: u64 = 200 << 20;

/// What is waited for, and how much is taken.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub bytes: u64,
    /// Between two pieces.
    pub pause: Duration,
}

pub const BOUNDS: Bounds = Bounds { bytes: MOST_BYTES, pause: Duration::from_secs(30) };

/// All of it: 200 MiB at a megabit and a half per second.
const PATIENCE: Duration = Duration::from_mins(20);
/// Bytes of a row of `csv_chunk`.
const CHUNK: usize = 256 << 10;
/// Files of a member that wait to be started; older ones go.
const MOST_WAITING: i64 = 2;
/// Files of a member in an hour.
const FILES: u32 = 30;

/// Writes a file away.
pub async fn receive(
    hub: &Hub,
    by: By,
    pieces: impl Stream<Item = std::io::Result<Bytes>>,
    bounds: Bounds,
) -> Result<FileId, FileError> {
    throttle::hourly(hub, by, "csv", FILES).await.map_err(FileError::Wait)?;
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    let file_id = db::csv::make(&mut tx, by.member_id, hub.clock.now(), MOST_WAITING).await?;
    tx.commit().await?;
    let arrived = tokio::time::timeout(PATIENCE, write(hub, by, file_id, pieces, bounds)).await;
    let arrived = arrived.unwrap_or(Err(FileError::TooSlow));
    if arrived.is_err() {
        let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
        db::csv::discard(&mut tx, file_id).await?;
        tx.commit().await?;
    }
    arrived.map(|()| file_id)
}

async fn write(
    hub: &Hub,
    by: By,
    file_id: FileId,
    pieces: impl Stream<Item = std::io::Result<Bytes>>,
    bounds: Bounds,
) -> Result<(), FileError> {
    let mut pieces = std::pin::pin!(pieces);
    let (mut arrival, mut seen, mut seq) = (Arrival::default(), 0_u64, 0_i32);
    let mut waiting = BytesMut::with_capacity(CHUNK);
    loop {
        let piece = tokio::time::timeout(bounds.pause, pieces.next()).await;
        let piece = piece.map_err(|_| FileError::TooSlow)?;
        let is_last = piece.is_none();
        if let Some(piece) = piece {
            let piece = piece.map_err(|_| FileError::Broken)?;
            seen += piece.len() as u64;
            if seen > bounds.bytes {
                return Err(FileError::TooLarge);
            }
            arrival.see(&piece);
            waiting.extend_from_slice(&piece);
        }
        while waiting.len() >= CHUNK || (is_last && !waiting.is_empty()) {
            let chunk = waiting.split_to(waiting.len().min(CHUNK));
            if seq == 0 && chunk.starts_with(b"PK\x03\x04") {
                return Err(FileError::NotText);
            }
            let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
            let added = db::csv::add_chunk(&mut tx, file_id, seq, &chunk).await;
            added.map_err(|error| match error {
                DbError::Dangling { .. } => FileError::NotFound,
                error => error.into(),
            })?;
            tx.commit().await?;
            seq += 1;
        }
        if is_last {
            break;
        }
    }
    if seen == 0 {
        return Err(FileError::Empty);
    }
    let bytes = i64::try_from(seen).unwrap_or(i64::MAX);
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    let charset = arrival.charset().as_str();
    db::csv::arrived(&mut tx, file_id, bytes, arrival.lines(), charset).await?;
    Ok(tx.commit().await?)
}
