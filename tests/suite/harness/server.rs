//! A server on loopback that is no relation of the sandbox: it answers what a test tells it to, and counts.

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json as object};

use super::answer::{Answer, Delivery, json, sent};
use super::openapi::{self, Asked, Content};

/// How long a test waits for something that must happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    /// The JSON of the body; null where there is none.
    pub body: Value,
    /// How many bytes the body has.
    pub length: usize,
    /// Whom it is for: profile id in lower case, else URN, else conversation.
    pub to: String,
    pub at: Instant,
    pub wall: SystemTime,
    /// Which connection it came on.
    pub connection: usize,
    /// Whether the watched journal had its intent when it came; `None` where no journal is watched.
    pub intent_on_disk: Option<bool>,
}

impl Seen {
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn is_send(&self) -> bool {
        self.method == "POST" && self.path.ends_with("/conversations/send")
    }

    pub fn is_upload(&self) -> bool {
        self.method == "POST" && self.path.contains("/conversations/upload-attachment?")
    }

    /// What of it the service does not document.
    fn violations(&self) -> Vec<String> {
        let kind = self.header("Content-Type").unwrap_or_default();
        openapi::violations(&Asked {
            method: &self.method,
            path: &self.path,
            authorization: Some(self.header("Authorization").unwrap_or_default()),
            content: match self.length {
                0 => Content::Nothing,
                _ => Content::Of(kind, &self.body),
            },
        })
    }
}

/// The server. Without a script it says of every message that it was sent, and that the key has one account.
///
/// When it is dropped, the test fails if any request was not as the service documents it.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    world: Mutex<World>,
    changed: Condvar,
}

/// Decides about every send that nothing else is said about.
type Script = Box<dyn FnMut(&Seen) -> Answer + Send>;

/// How long each connection takes to be heard.
type Distance = Box<dyn FnMut() -> Duration + Send>;

/// Answers questions, if it knows an answer.
type Questions = Box<dyn FnMut(&Seen) -> Option<Answer> + Send>;

struct World {
    seen: Vec<Seen>,
    violations: Vec<String>,
    connections: usize,
    by_recipient: HashMap<String, VecDeque<Answer>>,
    by_number: HashMap<usize, Answer>,
    otherwise: Answer,
    script: Option<Script>,
    questions: Option<Questions>,
    distance: Option<Distance>,
    accounts: Answer,
    /// Answers to questions by the end of their path.
    by_path: HashMap<String, Answer>,
    journal: Option<PathBuf>,
    gate_open: bool,
    closed: bool,
}

impl Default for World {
    fn default() -> Self {
        Self {
            seen: Vec::new(),
            violations: Vec::new(),
            connections: 0,
            by_recipient: HashMap::new(),
            by_number: HashMap::new(),
            otherwise: sent(),
            script: None,
            questions: None,
            distance: None,
            accounts: accounts(&["acc_1"]),
            by_path: HashMap::new(),
            journal: None,
            gate_open: false,
            closed: false,
        }
    }
}

/// The answer to `GET /accounts` for a key with these accounts.
pub fn accounts(ids: &[&str]) -> Answer {
    let account = |id: &&str| object!({"id": id, "firstName": "Anna", "lastName": "Sender", "status": "AVAILABLE", "enabled": true});
    json(200, &Value::Array(ids.iter().map(account).collect()))
}

/// The base URL of a port on which nobody listens; it stays so while the socket is kept.
pub fn nobody() -> (String, socket2::Socket) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a port");
    let port = socket
        .local_addr()
        .ok()
        .and_then(|address| address.as_socket())
        .expect("an address")
        .port();
    (format!("http://127.0.0.1:{port}/linkedin"), socket)
}

impl Server {
    pub fn start() -> Self {
        Self::serve(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port on loopback"))
    }

    /// A server on the port of [`nobody`], which was never given back and so cannot be somebody else's by now.
    pub fn start_on(socket: socket2::Socket) -> Self {
        socket.listen(128).expect("a port on which nobody listens");
        Self::serve(socket.into())
    }

    fn serve(listener: TcpListener) -> Self {
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if served.world().closed {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let served = Arc::clone(&served);
                thread::spawn(move || {
                    // A client that goes away in the middle is no fault of the test.
                    let _ = serve(&served, &stream);
                });
            }
        });
        Self { address, shared }
    }

    /// A server that gives every send this answer.
    pub fn answering(answer: Answer) -> Self {
        let server = Self::start();
        server.answer_all(answer);
        server
    }

    pub fn base_url(&self) -> String {
        format!("http://{}/linkedin", self.address)
    }

    /// Every send that nothing else is said about gets this.
    pub fn answer_all(&self, answer: Answer) {
        self.shared.world().otherwise = answer;
    }

    /// Every send that nothing else is said about gets what this says.
    pub fn answer_by(&self, script: impl FnMut(&Seen) -> Answer + Send + 'static) {
        self.shared.world().script = Some(Box::new(script));
    }

    /// The sends to this recipient get these, in turn; then what all get.
    pub fn answer(&self, to: &str, answers: impl IntoIterator<Item = Answer>) {
        self.shared
            .world()
            .by_recipient
            .insert(to.to_owned(), answers.into_iter().collect());
    }

    /// The nth send, counted from 1, gets this.
    pub fn answer_nth(&self, nth: usize, answer: Answer) {
        self.shared.world().by_number.insert(nth, answer);
    }

    /// `GET /accounts` gets this.
    pub fn answer_accounts(&self, answer: Answer) {
        self.shared.world().accounts = answer;
    }

    /// Questions whose path ends so get this, such as `/account/acc_1/quota`.
    pub fn answer_path(&self, end: &str, answer: Answer) {
        self.shared.world().by_path.insert(end.to_owned(), answer);
    }

    /// Every connection is heard so much later than it is made, as over a slow network.
    pub fn hear_late(&self, distance: impl FnMut() -> Duration + Send + 'static) {
        self.shared.world().distance = Some(Box::new(distance));
    }

    /// Requests that are no sends, and about whose path nothing else is said, get what this says.
    pub fn answer_questions_by(&self, script: impl FnMut(&Seen) -> Option<Answer> + Send + 'static) {
        self.shared.world().questions = Some(Box::new(script));
    }

    /// From now on, looks into the journal whenever a send comes in: is its intent there?
    pub fn watch(&self, journal: &Path) {
        self.shared.world().journal = Some(journal.to_owned());
    }

    /// Lets all answers go that are held, and holds no further ones.
    pub fn open_gate(&self) {
        self.shared.world().gate_open = true;
        self.shared.changed.notify_all();
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.world().seen.clone()
    }

    /// Every send so far.
    pub fn sends(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(Seen::is_send).collect()
    }

    /// How many sends there were to this recipient.
    pub fn sends_to(&self, to: &str) -> usize {
        self.sends().iter().filter(|seen| seen.to == to).count()
    }

    /// Whom the sends were for, in the order in which they came.
    pub fn recipients(&self) -> Vec<String> {
        self.sends().into_iter().map(|seen| seen.to).collect()
    }

    pub fn connections(&self) -> usize {
        self.shared.world().connections
    }

    /// Returns once there were so many sends.
    pub fn wait_for_sends(&self, count: usize) {
        let enough = |world: &mut World| world.seen.iter().filter(|seen| seen.is_send()).count() < count;
        let (world, late) = self
            .shared
            .changed
            .wait_timeout_while(self.shared.world(), PATIENCE, enough)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(
            !late.timed_out(),
            "only {} requests came, {count} sends were awaited",
            world.seen.len()
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.world().closed = true;
        self.shared.changed.notify_all();
        // The thread that accepts looks up once more, and goes.
        drop(TcpStream::connect(self.address));
        let violations = std::mem::take(&mut self.shared.world().violations);
        openapi::assert_none(&violations);
    }
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, condition: impl Fn(&World) -> bool) {
        let held = self.changed.wait_while(self.world(), |world| condition(world) && !world.closed);
        drop(held);
    }
}

fn serve(shared: &Shared, stream: &TcpStream) -> std::io::Result<()> {
    let (connection, distance) = {
        let mut world = shared.world();
        world.connections += 1;
        let distance = world.distance.as_mut().map(|distance| distance());
        (world.connections, distance.unwrap_or_default())
    };
    thread::sleep(distance);
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = read(&mut reader, connection)? {
        let to = request.to.clone();
        let (answer, nth) = note(shared, request);
        thread::sleep(answer.delay);
        if answer.held {
            shared.wait_while(|world| !world.gate_open);
        }
        let mut wire = stream;
        wire.write_all(&answer.bytes(&to, nth))?;
        match answer.delivery {
            Delivery::Whole => {}
            Delivery::Cut(_) | Delivery::Raw | Delivery::Close => return stream.shutdown(std::net::Shutdown::Both),
            Delivery::Reset => return socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO)),
            Delivery::Silence => {
                shared.wait_while(|_| true);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Records the request and finds its answer.
fn note(shared: &Shared, mut request: Seen) -> (Answer, usize) {
    let violations = request.violations();
    let mut world = shared.world();
    world.violations.extend(violations);
    let nth = world.seen.iter().filter(|seen| seen.is_send()).count() + 1;
    if !request.is_send() {
        let by_path = world.by_path.iter().find(|(end, _)| request.path.ends_with(end.as_str()));
        let by_path = by_path.map(|(_, answer)| answer.clone());
        let scripted = by_path.or_else(|| world.questions.as_mut()?(&request));
        let answer = match scripted {
            Some(answer) => answer,
            None if request.path.ends_with("/accounts") => world.accounts.clone(),
            None => super::answer::status(404),
        };
        world.seen.push(request);
        return (answer, nth);
    }
    let earlier = world.seen.iter().filter(|seen| seen.is_send() && seen.to == request.to).count();
    request.intent_on_disk = world.journal.as_deref().map(|journal| intents(journal, &request.to) > earlier);
    let scripted = world.by_recipient.get_mut(&request.to).and_then(VecDeque::pop_front);
    let numbered = world.by_number.get(&nth).cloned();
    let by_script = match (&numbered, &scripted) {
        (None, None) => world.script.as_mut().map(|script| script(&request)),
        _ => None,
    };
    let answer = numbered.or(scripted).or(by_script).unwrap_or_else(|| world.otherwise.clone());
    world.seen.push(request);
    shared.changed.notify_all();
    (answer, nth)
}

/// How many intents for this recipient are whole in the journal.
fn intents(journal: &Path, to: &str) -> usize {
    let text = std::fs::read_to_string(journal).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let for_them = |line: &&str| {
        let record: Value = serde_json::from_str(line).expect("a record of the journal");
        let names = record["intent"]["to"].as_array().cloned().unwrap_or_default();
        names.iter().any(|name| name == to)
    };
    whole.lines().filter(for_them).count()
}

/// Reads so many bytes and forgets them: a file may be large.
fn pass_over(reader: &mut impl Read, length: usize) -> std::io::Result<()> {
    let read = std::io::copy(&mut reader.take(length as u64), &mut std::io::sink())?;
    if read == length as u64 {
        Ok(())
    } else {
        Err(std::io::ErrorKind::UnexpectedEof.into())
    }
}

/// The next request of a connection; `None` where the client is done.
fn read(reader: &mut BufReader<TcpStream>, connection: usize) -> std::io::Result<Option<Seen>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let (at, wall) = (Instant::now(), SystemTime::now());
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(0, |(_, length)| length.parse().expect("a length"));
    let body = if path.contains("/upload-attachment") {
        pass_over(reader, length)?;
        Value::Null
    } else {
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        serde_json::from_slice(&body).unwrap_or_default()
    };
    let name = |field: &str| body[field].as_str().map(str::to_owned);
    let to = name("recipientProfileId")
        .map(|id| id.to_lowercase())
        .or_else(|| name("recipientProfileUrn"))
        .or_else(|| name("conversationUrn"));
    Ok(Some(Seen {
        method,
        path,
        headers,
        to: to.unwrap_or_default(),
        body,
        length,
        at,
        wall,
        connection,
        intent_on_disk: None,
    }))
}
