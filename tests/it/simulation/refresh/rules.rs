//! What must hold when it is over.

use std::sync::{Arc, Mutex};

use tandem::{connectors::CrmError, flows::reconnect};

use super::{super::provider::number, stage::Stage};

impl Stage {
    /// Whether everything that was granted is still there, or is said to be gone.
    pub(super) fn judge(self: &Arc<Self>) -> Vec<String> {
        let mut broken = self.broken.lock().unwrap().clone();
        broken.extend(self.truth.lock().unwrap().faults.clone());
        self.provider(0).expire();
        let said: Arc<Mutex<Vec<Result<bool, CrmError>>>> = Arc::default();
        for process in 1..=self.weather.processes {
            let (tokens, said) = (self.tokens(process), Arc::clone(&said));
            self.world.start(0, async move {
                let answer = match tokens.access_token().await {
                    Ok(token) if tokens.provider.works(number(&token.secret)) => Ok(true),
                    Ok(token) => match tokens.refused(token.generation).await {
                        Ok(token) => Ok(tokens.provider.works(number(&token.secret))),
                        Err(error) => Err(error),
                    },
                    Err(error) => Err(error),
                };
                said.lock().unwrap().push(answer);
            });
        }
        self.world.run();
        let (row, truth) = (self.row.lock().unwrap(), self.truth.lock().unwrap());
        for answer in said.lock().unwrap().iter() {
            match answer {
                Ok(true) if row.state == "active" => {}
                Err(CrmError::Revoked) if row.state == "needs_reconnect" => {}
                other => broken.push(format!("it ends {} and answers {other:?}", row.state)),
            }
        }
        let newest = &truth.refresh[&truth.newest(row.refresh)];
        let is_dead = truth.dead.contains(&newest.family);
        if row.state == "needs_reconnect" {
            if !is_dead && newest.is_kept() {
                broken.push(format!("a living grant was given up: {newest:?}"));
            }
            let is_lie = row.reason == reconnect::REVOKED && !truth.revoked;
            if is_lie {
                broken.push("the provider is blamed for what we lost".to_owned());
            }
        }
        for (volume, spool) in self.spools.iter().enumerate() {
            if !spool.lock().unwrap().is_empty() {
                broken.push(format!("spool {volume} was not emptied"));
            }
        }
        if row.until.is_some_and(|until| until > self.world.wall()) {
            broken.push("a lease is left".to_owned());
        }
        broken
    }
}
