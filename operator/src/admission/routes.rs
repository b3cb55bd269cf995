//! What is answered where, within limits: a review is read, answered in time, and counted.

use std::{future::poll_fn, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody as _},
    extract::Request,
    http::{StatusCode, header::CONTENT_LENGTH, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response as HttpResponse},
    routing::post,
};
use eso_admission::{
    Admission,
    answer::Response,
    decide::Registration,
    review::{LARGEST, Review},
};
use eso_kube::stores::Connect;
use eso_plan::filled::token::Hour;
use jiff::Timestamp;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use super::{
    judge::{self, Judge},
    keys::{Filling, Keyed},
};
use crate::{
    codegen::webhooks::{CLUSTER_SECRET_STORES, EXTERNAL_SECRETS, REFERENCES, SECRET_STORES, TARGETS},
    telemetry::Metrics,
};

/// How much of reviews is held at once, in KiB: twenty of the largest, or some thousand usual ones.
const HELD: usize = 64 << 10;

/// How long a review may take to arrive: the API server sends one at once.
const ARRIVAL: Duration = Duration::from_secs(5);

/// What reviews are answered with.
pub(crate) struct Routes {
    /// What fills Secrets; `None` where none are filled.
    pub(crate) admission: Option<Filling>,
    /// What judges objects.
    pub(crate) judge: Judge,
    /// Which providers there are.
    pub(crate) connect: Arc<dyn Connect>,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
    /// Counts what is answered.
    pub(crate) metrics: Arc<Metrics>,
}

/// What a review is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Fill(Registration),
    JudgeExternalSecret,
    JudgeStore,
}

/// Who answers a review.
enum Answering {
    Filling(Registration, Arc<Admission>),
    JudgingExternalSecret,
    JudgingStore,
}

/// Why a review is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    TooLarge,
    Malformed,
    TooSlow,
    Busy,
    /// It was not sent to where the API server sends Secrets.
    Unknown,
}

impl Routes {
    /// All that is served.
    pub(crate) fn router(self) -> Router {
        let shared = Arc::new(Shared { routes: self, room: Arc::new(Semaphore::new(HELD)) });
        let fills = [(TARGETS, Registration::Targets), (REFERENCES, Registration::References)];
        let fills = fills.map(|(path, registration)| (path, Purpose::Fill(registration)));
        let judges = [
            (EXTERNAL_SECRETS, Purpose::JudgeExternalSecret),
            (SECRET_STORES, Purpose::JudgeStore),
            (CLUSTER_SECRET_STORES, Purpose::JudgeStore),
        ];
        let is_served =
            |purpose: Purpose| shared.routes.admission.is_some() || !matches!(purpose, Purpose::Fill(_));
        let served = fills.into_iter().chain(judges).filter(|(_, purpose)| is_served(*purpose));
        served.fold(Router::new(), |router, (path, purpose)| {
            let shared = Arc::clone(&shared);
            let place = match purpose {
                Purpose::Fill(_) => format!("/{{token}}{path}"),
                Purpose::JudgeExternalSecret | Purpose::JudgeStore => path.to_owned(),
            };
            router.route(
                &place,
                post(move |request: Request| {
                    let shared = Arc::clone(&shared);
                    async move { shared.serve((path, purpose), request).await }
                }),
            )
        })
    }
}

struct Shared {
    routes: Routes,
    room: Arc<Semaphore>,
}

impl Shared {
    async fn serve(&self, (path, purpose): (&'static str, Purpose), request: Request) -> HttpResponse {
        let began = Instant::now();
        let deadline = began + self.routes.timeout;
        let answered = self.answered((path, purpose), request, deadline).await;
        let result = answered.as_ref().map_or_else(|refusal| refusal.name(), result);
        self.routes.metrics.reviewed(path, result, began.elapsed());
        answered.map_or_else(|refusal| refusal.response(), |response| sent(&response))
    }

    async fn answered(
        &self,
        (path, purpose): (&str, Purpose),
        request: Request,
        deadline: Instant,
    ) -> Result<Response, Refusal> {
        let answering = self.answering(purpose, path, request.uri().path())?;
        let (body, _room) = self.read(request, deadline).await?;
        let review = Review::parse(&body).map_err(|_error| Refusal::Malformed)?;
        Ok(match answering {
            Answering::Filling(registration, admission) => {
                admission.answer(registration, &review, deadline).await
            }
            Answering::JudgingExternalSecret => self.routes.judge.external_secret(&review),
            Answering::JudgingStore => judge::store(&review, self.routes.connect.as_ref()),
        })
    }

    /// Who answers. A review says itself who its user is, and is believed: so it must come from somebody who knows the
    /// token, which is the API server. Without a key there is none, and nobody fills anything.
    fn answering(&self, purpose: Purpose, path: &str, sent_to: &str) -> Result<Answering, Refusal> {
        let registration = match purpose {
            Purpose::Fill(registration) => registration,
            Purpose::JudgeExternalSecret => return Ok(Answering::JudgingExternalSecret),
            Purpose::JudgeStore => return Ok(Answering::JudgingStore),
        };
        let keyed = self.routes.admission.as_ref().and_then(|filling| filling.borrow().clone());
        let token = sent_to.strip_suffix(path).and_then(|before| before.strip_prefix('/'));
        match (keyed, token) {
            (Some(Keyed { key, admission }), Some(token))
                if Hour::of(Timestamp::now()).admits(&key, token) =>
            {
                Ok(Answering::Filling(registration, admission))
            }
            (Some(_) | None, _) => Err(Refusal::Unknown),
        }
    }

    /// The body, and the room that is kept for it: for what has arrived, so that who promises much and sends little keeps
    /// nobody out.
    async fn read(
        &self,
        request: Request,
        deadline: Instant,
    ) -> Result<(Bytes, OwnedSemaphorePermit), Refusal> {
        let length =
            request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > LARGEST) {
            return Err(Refusal::TooLarge);
        }
        let arrival = deadline.min(Instant::now() + ARRIVAL);
        let (mut sent, mut body) = (request.into_body(), Vec::new());
        let mut room = self.room(1, arrival).await?;
        loop {
            let part = timeout_at(arrival, next(&mut sent)).await.map_err(|_| Refusal::TooSlow)?;
            let Some(part) = part else { return Ok((body.into(), room)) };
            body.extend_from_slice(&part.map_err(|_broken| Refusal::TooSlow)?);
            if body.len() > LARGEST {
                return Err(Refusal::TooLarge);
            }
            let more = (body.len() / 1024 + 1).saturating_sub(room.num_permits());
            room.merge(self.room(more, arrival).await?);
        }
    }

    /// Room for so many KiB more, by then.
    async fn room(&self, kib: usize, by: Instant) -> Result<OwnedSemaphorePermit, Refusal> {
        let kib = u32::try_from(kib).map_err(|_| Refusal::TooLarge)?;
        let room = timeout_at(by, Arc::clone(&self.room).acquire_many_owned(kib)).await;
        room.map_err(|_late| Refusal::Busy)?.map_err(|_closed| Refusal::Busy)
    }
}

/// The next part of a body.
async fn next(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    loop {
        match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await? {
            Ok(frame) => match frame.into_data() {
                Ok(part) => return Some(Ok(part)),
                // What may follow a body is of no interest.
                Err(_trailers) => {}
            },
            Err(broken) => return Some(Err(broken)),
        }
    }
}

impl Refusal {
    fn name(self) -> &'static str {
        match self {
            Self::TooLarge | Self::Malformed => "malformed",
            Self::TooSlow | Self::Busy => "late",
            Self::Unknown => "unknown",
        }
    }

    fn response(self) -> HttpResponse {
        let (status, words) = match self {
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body takes more than 3 MiB"),
            Self::Malformed => {
                (StatusCode::BAD_REQUEST, "the body is no AdmissionReview of admission.k8s.io/v1")
            }
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time"),
            // As anything else that is not served.
            Self::Unknown => (StatusCode::NOT_FOUND, ""),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "too much is being answered: try again"),
        };
        (status, words).into_response()
    }
}

/// What became of a review.
fn result(response: &Response) -> &'static str {
    match response {
        Response { denial: Some(_), .. } => "denied",
        Response { patch, .. } if !patch.is_empty() => "filled",
        Response { warnings, .. } if !warnings.is_empty() => "warned",
        Response { .. } => "allowed",
    }
}

fn sent(response: &Response) -> HttpResponse {
    // The bytes are wiped when they are sent.
    let body = Body::from(Bytes::from_owner(response.body()));
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests;
