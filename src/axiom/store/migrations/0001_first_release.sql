-- The first release. Times are microseconds since 1970 in UTC.

-- One version of an experiment, with its manifest: all that the server ever reads of an experiment.
CREATE TABLE experiment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    manifest TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    recalled_at BIGINT,
    why TEXT NOT NULL DEFAULT '',
    UNIQUE (name, version)
);

-- The signed code of a version. A version may have several: a repair that leaves the golden numbers has the next serial.
CREATE TABLE bundle (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    serial BIGINT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    seal TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    manifest TEXT NOT NULL DEFAULT '',
    UNIQUE (experiment_id, serial)
);

-- What is asked, predicted and when it ends, as a canonical body, written before any workunit of it exists. Each
-- registration holds the hash of the one before.
CREATE TABLE registration (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    cohort TEXT NOT NULL,
    body TEXT NOT NULL,
    previous_hash TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

-- What somebody expects of an estimand before anything is seen: three chances and an interval.
CREATE TABLE prediction (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    estimand TEXT NOT NULL,
    forecaster TEXT NOT NULL,
    positive DOUBLE PRECISION NOT NULL,
    negative DOUBLE PRECISION NOT NULL,
    absent DOUBLE PRECISION NOT NULL,
    low DOUBLE PRECISION NOT NULL,
    high DOUBLE PRECISION NOT NULL,
    because TEXT NOT NULL,
    created_at BIGINT,
    previous_hash TEXT,
    hash TEXT,
    UNIQUE (registration_id, estimand, forecaster)
);

-- One independent repetition of a whole sweep. Numbers are issued once per version, in order, over all designs.
CREATE TABLE replicate (
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    number BIGINT NOT NULL,
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    seed BIGINT NOT NULL,
    PRIMARY KEY (experiment_id, number)
);
CREATE INDEX replicate_registration ON replicate (registration_id, number);

-- An order for some cells of one experiment. One with `split_from` is a part of a larger one; one with
-- `checks_task_id` repeats the cells of that task at another volunteer.
CREATE TABLE workunit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    replicates TEXT NOT NULL,
    configs TEXT NOT NULL,
    state TEXT NOT NULL,
    quorum BIGINT NOT NULL,
    max_failures BIGINT NOT NULL,
    target_host_id BIGINT,
    abort_requested BIGINT NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    closed_at BIGINT,
    checks_task_id BIGINT REFERENCES task (id),
    split_from BIGINT REFERENCES workunit (id),
    highest BIGINT GENERATED ALWAYS AS (json_extract(replicates, '$[#-1]')) VIRTUAL
);
CREATE INDEX workunit_open ON workunit (experiment_id, id) WHERE state = 'open';
CREATE INDEX workunit_checks ON workunit (checks_task_id) WHERE checks_task_id IS NOT NULL;
CREATE INDEX workunit_checking ON workunit (experiment_id, id) WHERE state = 'open' AND checks_task_id IS NOT NULL;
CREATE INDEX workunit_registration ON workunit (registration_id, highest);
CREATE INDEX workunit_parts ON workunit (split_from) WHERE split_from IS NOT NULL;

-- A person who owns hosts; from `email` on, the columns are the account.
CREATE TABLE volunteer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    email TEXT,
    password TEXT,
    password_serial BIGINT NOT NULL DEFAULT 0,
    key_serial BIGINT NOT NULL DEFAULT 0,
    key_digest TEXT,
    weak_digest TEXT,
    cross_id TEXT NOT NULL DEFAULT '',
    team_id BIGINT REFERENCES team (id),
    country TEXT NOT NULL DEFAULT '',
    website TEXT NOT NULL DEFAULT '',
    venue TEXT NOT NULL DEFAULT '',
    preferences TEXT NOT NULL DEFAULT '',
    preferences_at BIGINT NOT NULL DEFAULT 0,
    project_preferences TEXT NOT NULL DEFAULT '{}',
    is_exported BIGINT NOT NULL DEFAULT 0,
    shows_hosts BIGINT NOT NULL DEFAULT 1,
    is_ours BIGINT NOT NULL DEFAULT 0 CHECK (is_ours IN (0, 1)),
    is_simulated BIGINT NOT NULL DEFAULT 0 CHECK (is_simulated IN (0, 1))
);
CREATE UNIQUE INDEX volunteer_email ON volunteer (email) WHERE email IS NOT NULL;
CREATE UNIQUE INDEX volunteer_key ON volunteer (key_digest) WHERE key_digest IS NOT NULL;
CREATE UNIQUE INDEX volunteer_weak ON volunteer (weak_digest) WHERE weak_digest IS NOT NULL;
CREATE INDEX volunteer_team ON volunteer (team_id) WHERE team_id IS NOT NULL;
CREATE UNIQUE INDEX volunteer_ours ON volunteer (is_ours) WHERE is_ours = 1;
CREATE INDEX volunteer_simulated ON volunteer (id) WHERE is_simulated = 1;

-- A computer that computes.
CREATE TABLE host (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    volunteer_id BIGINT NOT NULL REFERENCES volunteer (id),
    name TEXT NOT NULL,
    system TEXT NOT NULL,
    processor TEXT NOT NULL,
    instructions TEXT NOT NULL,
    cores BIGINT NOT NULL,
    memory_mb BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    cpid TEXT NOT NULL DEFAULT '',
    rpc_seqno BIGINT NOT NULL DEFAULT 0,
    disk_mb BIGINT,
    flops DOUBLE PRECISION NOT NULL DEFAULT 0,
    availability DOUBLE PRECISION NOT NULL DEFAULT 1,
    gpus TEXT NOT NULL DEFAULT '[]',
    facts TEXT NOT NULL DEFAULT '{}',
    facts_digest TEXT NOT NULL DEFAULT '',
    venue TEXT NOT NULL DEFAULT '',
    valid_in_row BIGINT NOT NULL DEFAULT 0,
    quota BIGINT,
    quota_day BIGINT NOT NULL DEFAULT 0,
    sent_that_day BIGINT NOT NULL DEFAULT 0,
    speed DOUBLE PRECISION,
    turnaround_seconds DOUBLE PRECISION,
    why_no_work TEXT NOT NULL DEFAULT '',
    is_simulated BIGINT NOT NULL DEFAULT 0 CHECK (is_simulated IN (0, 1)),
    outvoted BIGINT NOT NULL DEFAULT 0,
    outvoted_at BIGINT,
    UNIQUE (volunteer_id, name)
);
CREATE INDEX host_cpid ON host (volunteer_id, cpid) WHERE cpid <> '';
CREATE INDEX host_volunteer ON host (volunteer_id, id);
CREATE INDEX host_simulated ON host (id) WHERE is_simulated = 1;
CREATE INDEX host_outvoted ON host (id) WHERE outvoted > 0;

-- One copy of a workunit, given to one host.
CREATE TABLE task (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workunit_id BIGINT NOT NULL REFERENCES workunit (id),
    experiment_id BIGINT NOT NULL,
    target_host_id BIGINT,
    ordinal BIGINT NOT NULL,
    state TEXT NOT NULL,
    host_id BIGINT REFERENCES host (id),
    bundle_digest TEXT REFERENCES bundle (digest),
    ticket TEXT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    deadline BIGINT,
    returned_at BIGINT,
    closed_at BIGINT,
    exit_status BIGINT,
    output_digest TEXT,
    cpu_seconds DOUBLE PRECISION,
    elapsed_seconds DOUBLE PRECISION,
    message TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    boinc_state BIGINT,
    cause TEXT NOT NULL DEFAULT '',
    peak_memory_mb DOUBLE PRECISION,
    peak_disk_mb DOUBLE PRECISION,
    agreement TEXT NOT NULL DEFAULT '',
    is_paid BIGINT NOT NULL DEFAULT 0,
    is_staged BIGINT NOT NULL DEFAULT 0 CHECK (is_staged IN (0, 1)),
    UNIQUE (workunit_id, ordinal)
);

-- Dispatch pops the oldest unsent task of an experiment; the two others are read by the transitioner and validator.
CREATE INDEX task_unsent ON task (experiment_id, target_host_id, id) WHERE state = 'unsent';
CREATE INDEX task_sent ON task (deadline, id) WHERE state = 'sent';
CREATE INDEX task_sent_host ON task (host_id, id) WHERE state = 'sent';
CREATE INDEX task_returned ON task (id) WHERE state = 'returned';
CREATE INDEX task_closed ON task (closed_at, id) WHERE closed_at IS NOT NULL;
CREATE INDEX task_unpaid ON task (id) WHERE state = 'valid' AND is_paid = 0;

-- Of what a host has had. A question for what it has now must not fit this one: it has an index of its own.
CREATE INDEX task_host ON task (host_id, id) WHERE host_id IS NOT NULL AND sent_at IS NOT NULL;
CREATE INDEX task_said ON task (experiment_id, id) WHERE state = 'failed' AND message <> '';

-- Failed work that a host has told of and that nobody has looked at for credit. Only what fails is in it.
CREATE INDEX task_unthanked ON task (id)
    WHERE state IN ('failed', 'aborted') AND is_paid = 0 AND returned_at IS NOT NULL;
CREATE INDEX task_staged ON task (bundle_digest, host_id) WHERE is_staged = 1;
CREATE INDEX task_failed ON task (experiment_id, host_id, id) WHERE state = 'failed';

-- The measures of one cell with its outcome, proven and stored once.
CREATE TABLE result (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id BIGINT NOT NULL REFERENCES task (id),
    experiment_id BIGINT NOT NULL,
    replicate BIGINT NOT NULL,
    config BIGINT NOT NULL,
    seed BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    measures TEXT,
    early TEXT NOT NULL,
    cpu_seconds DOUBLE PRECISION NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (experiment_id, replicate, config),
    FOREIGN KEY (experiment_id, replicate) REFERENCES replicate (experiment_id, number)
);
CREATE INDEX result_task ON result (task_id);

-- A page of results is found, whatever its filter and its order, without looking at those that it does not show.
CREATE INDEX result_newest ON result (experiment_id, id, config);
CREATE INDEX result_seconds ON result (experiment_id, cpu_seconds, id, config);
CREATE INDEX result_odd ON result (experiment_id, outcome, replicate, config) WHERE outcome <> 'ok';
CREATE INDEX result_late ON result (task_id) WHERE outcome = 'late';

-- A cell computed again with the same seed elsewhere: shows that hosts agree, never counts as evidence.
CREATE TABLE duplicate (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    result_id BIGINT NOT NULL REFERENCES result (id),
    task_id BIGINT NOT NULL REFERENCES task (id),
    outcome TEXT NOT NULL,
    measures TEXT,
    early TEXT NOT NULL,
    cpu_seconds DOUBLE PRECISION NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (result_id, task_id)
);
CREATE INDEX duplicate_late ON duplicate (task_id) WHERE outcome = 'late';

-- Bytes by their SHA-256: small ones in `body`, larger ones in a file of that name.
CREATE TABLE blob (
    digest TEXT PRIMARY KEY,
    size BIGINT NOT NULL,
    body BLOB,
    created_at BIGINT NOT NULL,
    brought BIGINT NOT NULL DEFAULT 0
);

-- How many there are of something; the writer changes it in the transaction that changes the rows.
CREATE TABLE counter (
    noun TEXT NOT NULL,
    experiment_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (noun, experiment_id, state)
);

-- Each command, in a chain of hashes: who asked for what, and the answer.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at BIGINT NOT NULL,
    caller TEXT NOT NULL,
    command TEXT NOT NULL,
    arguments TEXT NOT NULL,
    dry_run BIGINT NOT NULL,
    key TEXT,
    outcome TEXT NOT NULL,
    answer TEXT NOT NULL,
    workunits BIGINT NOT NULL,
    aborts BIGINT NOT NULL,
    previous_hash TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL UNIQUE
);
CREATE UNIQUE INDEX audit_key ON audit (caller, key) WHERE key IS NOT NULL;

-- How much a caller has had in a day is asked before every command.
CREATE INDEX audit_caller ON audit (caller, at);

-- The server's periodic jobs: when each last began and succeeded, and its last error.
CREATE TABLE job (
    name TEXT PRIMARY KEY,
    every_seconds DOUBLE PRECISION NOT NULL,
    last_start BIGINT,
    last_ok BIGINT,
    last_error TEXT NOT NULL DEFAULT ''
);

-- A claim with a number, given when the claim is registered.
CREATE TABLE finding (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    estimand TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'open',
    created_at BIGINT NOT NULL,
    why TEXT NOT NULL DEFAULT '',
    UNIQUE (registration_id, estimand)
);

-- One round of the laboratory's steps, named by date and letter.
CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    pi TEXT NOT NULL,
    reason TEXT NOT NULL,
    done TEXT NOT NULL DEFAULT '[]',
    seen_task BIGINT NOT NULL,
    plan TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    steps TEXT NOT NULL DEFAULT '["review", "credit", "clean", "evaluate", "plan", "deploy", "log"]',
    holder TEXT NOT NULL DEFAULT '',
    held_until BIGINT,
    seen_workunit BIGINT NOT NULL DEFAULT 0
);

-- One line that a step leaves in a session's log; its numbers are facts beside the text.
CREATE TABLE note (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id BIGINT NOT NULL REFERENCES session (id),
    step TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    facts TEXT NOT NULL,
    about TEXT NOT NULL,
    links TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX note_session ON note (session_id, id);

-- How credit is computed, from when on. A change is a new version.
CREATE TABLE tariff (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    per_core_second BIGINT NOT NULL,
    valid_from BIGINT NOT NULL,
    rates TEXT NOT NULL DEFAULT '{}',
    because TEXT NOT NULL DEFAULT '',
    announced_at BIGINT,
    UNIQUE (name, version)
);

CREATE TRIGGER tariff_stays BEFORE UPDATE ON tariff BEGIN
    SELECT RAISE(ABORT, 'what was booked is never changed: a further award sets it right');
END;

CREATE TRIGGER tariff_kept BEFORE DELETE ON tariff BEGIN
    SELECT RAISE(ABORT, 'what was booked is never changed: a further award sets it right');
END;

-- Credit for one task and one reason, once.
CREATE TABLE award (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id BIGINT NOT NULL REFERENCES task (id),
    reason TEXT NOT NULL,
    tariff_id BIGINT NOT NULL REFERENCES tariff (id),
    host_id BIGINT NOT NULL REFERENCES host (id),
    volunteer_id BIGINT NOT NULL REFERENCES volunteer (id),
    session_id BIGINT,
    amount BIGINT NOT NULL,
    because TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    team_id BIGINT REFERENCES team (id),
    tier TEXT NOT NULL DEFAULT 'core-seconds',
    is_capped BIGINT NOT NULL DEFAULT 1 CHECK (is_capped IN (0, 1)),
    UNIQUE (task_id, reason)
);
CREATE INDEX award_host ON award (host_id, id);
CREATE INDEX award_volunteer ON award (volunteer_id, id);
CREATE INDEX award_session ON award (id) WHERE session_id IS NOT NULL;

CREATE TRIGGER award_stays BEFORE UPDATE ON award BEGIN
    SELECT RAISE(ABORT, 'what was booked is never changed: a further award sets it right');
END;

CREATE TRIGGER award_kept BEFORE DELETE ON award BEGIN
    SELECT RAISE(ABORT, 'what was booked is never changed: a further award sets it right');
END;

-- One side of a booking; the two sides of an award add up to zero.
CREATE TABLE entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    award_id BIGINT NOT NULL REFERENCES award (id),
    account TEXT NOT NULL,
    amount BIGINT NOT NULL
);
CREATE INDEX entry_account ON entry (account);
CREATE INDEX entry_award ON entry (award_id);

CREATE TRIGGER entry_stays BEFORE UPDATE ON entry BEGIN
    SELECT RAISE(ABORT, 'what was booked is never changed: a further award sets it right');
END;

CREATE TRIGGER entry_kept BEFORE DELETE ON entry BEGIN
    SELECT RAISE(ABORT, 'what was booked is never changed: a further award sets it right');
END;

-- A picture, drawn by a process of its own when its data have changed; the bytes are blobs.
CREATE TABLE figure (
    name TEXT PRIMARY KEY,
    shows TEXT NOT NULL,
    svg TEXT NOT NULL REFERENCES blob (digest),
    png TEXT NOT NULL REFERENCES blob (digest),
    drawn_at BIGINT NOT NULL
);

-- Volunteers who compute together.
CREATE TABLE team (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    founder_id BIGINT NOT NULL REFERENCES volunteer (id),
    country TEXT NOT NULL DEFAULT '',
    website TEXT NOT NULL DEFAULT '',
    about TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);

-- A browser that is signed in to the site, until when; of its token only the digest is kept.
CREATE TABLE sign_in (
    token_digest TEXT PRIMARY KEY,
    volunteer_id BIGINT NOT NULL REFERENCES volunteer (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_expiry ON sign_in (expires_at);

-- Credit of a volunteer, a host or a team: the sum of its awards and what it carried over, and a recent average.
CREATE TABLE balance (
    holder TEXT NOT NULL,
    holder_id BIGINT NOT NULL,
    total BIGINT NOT NULL,
    recent DOUBLE PRECISION NOT NULL,
    recent_at BIGINT NOT NULL,
    PRIMARY KEY (holder, holder_id)
);
CREATE INDEX balance_rank ON balance (holder, total);

-- Credit from before this laboratory's ledger, brought over once from each source.
CREATE TABLE carried (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    volunteer_id BIGINT NOT NULL REFERENCES volunteer (id),
    source TEXT NOT NULL,
    amount BIGINT NOT NULL,
    because TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (volunteer_id, source)
);

CREATE TRIGGER carried_stays BEFORE UPDATE ON carried BEGIN
    SELECT RAISE(ABORT, 'what was booked is never changed: a further award sets it right');
END;

CREATE TRIGGER carried_kept BEFORE DELETE ON carried BEGIN
    SELECT RAISE(ABORT, 'what was booked is never changed: a further award sets it right');
END;

-- A sentence for the owner of a host, shown once as a notice in the client.
CREATE TABLE notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    host_id BIGINT NOT NULL REFERENCES host (id),
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    told_at BIGINT
);
CREATE INDEX notice_untold ON notice (host_id, id) WHERE told_at IS NULL;

-- Whether an owner was told the same lately, and which checks are still open.
CREATE INDEX notice_kind ON notice (host_id, kind, created_at);

-- The place of the database in the journal, which holds every change: how many groups, and the digest of the last. One
-- row. A journal with another history, or one that goes on differently, is never replayed here.
CREATE TABLE journal (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    history TEXT NOT NULL,
    position BIGINT NOT NULL,
    digest TEXT NOT NULL
);

-- The outcome of a bundle's preflight, one row for each bundle and set of gates. A host gets a bundle only when a row
-- here says that it passed the gates which such a host demands. A pass stays as it is; a failure may be tried again,
-- and the row then has the new outcome. The report is the attempt as JSON.
CREATE TABLE preflight (
    bundle_digest TEXT NOT NULL REFERENCES bundle (digest),
    gates TEXT NOT NULL,
    passed BIGINT NOT NULL CHECK (passed IN (0, 1)),
    reason TEXT NOT NULL,
    platform TEXT NOT NULL,
    report TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ours_only BIGINT NOT NULL DEFAULT 0 CHECK (ours_only IN (0, 1)),
    PRIMARY KEY (bundle_digest, gates)
);

-- Asked with every task that is sent, and reports, behind which a row keeps that column, are long.
CREATE INDEX preflight_passed ON preflight (bundle_digest, passed, ours_only);

-- How far a task is by its host's own word, while it is out; no decision trusts it. Only long tasks have a row. It
-- goes with the next cleaning.
CREATE TABLE progress (
    task_id BIGINT PRIMARY KEY REFERENCES task (id),
    fraction DOUBLE PRECISION NOT NULL CHECK (fraction BETWEEN 0 AND 1),
    cpu_seconds DOUBLE PRECISION NOT NULL,
    heard_at BIGINT NOT NULL
);

-- How much dearer a version is on one kind of host than its file declares: the reports of the latest hosts, in JSON as
-- [host, tasks, logarithm of spent over expected], and the factor that follows. A factor that rests on a single host
-- holds for that host alone.
CREATE TABLE cost (
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    host_class TEXT NOT NULL,
    tasks BIGINT NOT NULL CHECK (tasks > 0),
    voices TEXT NOT NULL,
    factor DOUBLE PRECISION NOT NULL CHECK (factor BETWEEN 0.1 AND 10),
    host_id BIGINT REFERENCES host (id),
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (experiment_id, host_class)
);

-- An estimand's value in one replicate, stored once. A line of a finding's history counts, of each replicate, the
-- newest row that is not newer than the line; a value that came late is a further row. Exploratory rows are older than
-- the claim and only shown.
CREATE TABLE observation (
    finding_number BIGINT NOT NULL REFERENCES finding (id),
    replicate BIGINT NOT NULL,
    line BIGINT NOT NULL CHECK (line > 0),
    block BIGINT NOT NULL CHECK (block > 0),
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    cohort TEXT NOT NULL,
    value DOUBLE PRECISION,
    outcome TEXT NOT NULL,
    why_missing TEXT NOT NULL,
    hosts TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    repeats TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (finding_number, replicate, line)
);

-- One line of a finding's history, written when a block closed or something else changed what is concluded.
CREATE TABLE evidence (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    finding_number BIGINT NOT NULL REFERENCES finding (id),
    line BIGINT NOT NULL,
    session_id BIGINT,
    blocks BIGINT NOT NULL,
    seeds BIGINT NOT NULL,
    missing BIGINT NOT NULL,
    clones BIGINT NOT NULL DEFAULT 0,
    estimate DOUBLE PRECISION,
    low DOUBLE PRECISION,
    high DOUBLE PRECISION,
    e_value DOUBLE PRECISION NOT NULL,
    e_kind TEXT NOT NULL,
    e_absent DOUBLE PRECISION NOT NULL DEFAULT 1,
    verdict TEXT NOT NULL,
    grade TEXT NOT NULL,
    hosts BIGINT NOT NULL,
    volunteers BIGINT NOT NULL,
    platforms BIGINT NOT NULL,
    designs BIGINT NOT NULL DEFAULT 1,
    needs TEXT NOT NULL,
    more TEXT NOT NULL DEFAULT 'null',
    flags TEXT NOT NULL,
    alarms TEXT NOT NULL DEFAULT '[]',
    reasons TEXT NOT NULL,
    agreements TEXT NOT NULL DEFAULT '[]',
    false_share DOUBLE PRECISION,
    observations TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    UNIQUE (finding_number, line)
);
CREATE INDEX evidence_session ON evidence (session_id, finding_number) WHERE session_id IS NOT NULL;

-- How much of each version was there when it was last weighed: its newest result and how many workunits were closed.
-- While both are the same, no block of it can have closed.
CREATE TABLE weighing (
    experiment_id BIGINT PRIMARY KEY REFERENCES experiment (id),
    newest_result BIGINT NOT NULL,
    closed_workunits BIGINT NOT NULL
);

-- The score of a prediction, written once when its registration has ended, with the verdict and estimate of that line
-- of the finding's history.
CREATE TABLE score (
    prediction_id BIGINT PRIMARY KEY REFERENCES prediction (id),
    finding_number BIGINT NOT NULL REFERENCES finding (id),
    line BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    estimate DOUBLE PRECISION,
    brier DOUBLE PRECISION,
    log_score DOUBLE PRECISION,
    interval_score DOUBLE PRECISION,
    is_covered BIGINT CHECK (is_covered IN (0, 1)),
    reason TEXT NOT NULL,
    scored_at BIGINT NOT NULL
);

-- How each duplicate compares with the result that it repeats: one of `Reproduction`, or nothing where nothing can be
-- compared. The platforms are in alphabetical order.
CREATE TABLE reproduction (
    duplicate_id BIGINT PRIMARY KEY REFERENCES duplicate (id),
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    replicate BIGINT NOT NULL,
    first_platform TEXT NOT NULL,
    second_platform TEXT NOT NULL,
    class TEXT NOT NULL,
    duplicated_at BIGINT NOT NULL,
    opinion BIGINT,
    confirms BIGINT
);
CREATE INDEX reproduction_registration ON reproduction (registration_id, replicate);
CREATE INDEX reproduction_confirms ON reproduction (registration_id, replicate) WHERE confirms > 0;

-- In how many seeds of a registration two platforms agreed, as known at a moment: another row whenever that changes.
CREATE TABLE reproduction_count (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    registration_id BIGINT NOT NULL REFERENCES registration (id),
    first_platform TEXT NOT NULL,
    second_platform TEXT NOT NULL,
    exact BIGINT NOT NULL,
    close BIGINT NOT NULL,
    divergent BIGINT NOT NULL,
    disputed BIGINT NOT NULL,
    counted_at BIGINT NOT NULL
);
CREATE INDEX reproduction_count_registration ON reproduction_count (registration_id, counted_at);

-- An output that arrived before its report. Its bytes are a blob.
CREATE TABLE upload (
    task_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    size BIGINT NOT NULL,
    md5 TEXT NOT NULL,
    received_at BIGINT NOT NULL
);

-- An award that is priced and waits, since the session's cap leaves no room for it. Booked once, as the award that it
-- names.
CREATE TABLE pending_award (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id BIGINT NOT NULL REFERENCES task (id),
    reason TEXT NOT NULL,
    tariff_id BIGINT NOT NULL REFERENCES tariff (id),
    host_id BIGINT NOT NULL REFERENCES host (id),
    volunteer_id BIGINT NOT NULL REFERENCES volunteer (id),
    team_id BIGINT REFERENCES team (id),
    tier TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    because TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    booked_at BIGINT,
    UNIQUE (task_id, reason)
);
CREATE INDEX pending_award_waiting ON pending_award (id) WHERE booked_at IS NULL;

-- The awards that each session settled: those after one number up to another, and their sum.
CREATE TABLE settlement (
    session_id BIGINT PRIMARY KEY REFERENCES session (id),
    after_award BIGINT NOT NULL,
    last_award BIGINT NOT NULL,
    awards BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    capped BIGINT NOT NULL,
    session_cap BIGINT,
    settled_at BIGINT NOT NULL
);

CREATE TRIGGER settlement_stays BEFORE UPDATE ON settlement BEGIN
    SELECT RAISE(ABORT, 'what was booked is never changed: a further award sets it right');
END;

CREATE TRIGGER settlement_kept BEFORE DELETE ON settlement BEGIN
    SELECT RAISE(ABORT, 'what was booked is never changed: a further award sets it right');
END;

-- Sums of awards by day, tariff, reason and tier, kept with every booking.
CREATE TABLE daybook (
    day BIGINT NOT NULL,
    tariff_id BIGINT NOT NULL REFERENCES tariff (id),
    reason TEXT NOT NULL,
    tier TEXT NOT NULL,
    awards BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (day, tariff_id, reason, tier)
);

-- How closed tasks ended, by version, bundle, host, platform, cause and exception: how many, from when to when.
-- Sessions and a job count each closing once, up to `ending_look.counted_to`; `forgiven` are tasks for which a version
-- was stopped already.
CREATE TABLE ending (
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    bundle_digest TEXT NOT NULL,
    host_id BIGINT NOT NULL REFERENCES host (id),
    platform TEXT NOT NULL,
    cause TEXT NOT NULL,
    raised TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    forgiven BIGINT NOT NULL DEFAULT 0,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    last_task BIGINT NOT NULL,
    PRIMARY KEY (experiment_id, bundle_digest, host_id, platform, cause, raised)
);

-- The moment up to which closed tasks are counted in `ending`.
CREATE TABLE ending_look (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    counted_to BIGINT NOT NULL
);

-- A condition that somebody watches for: they are told when a result of a version first meets it. It is never
-- evidence.
CREATE TABLE watch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    sentence TEXT NOT NULL,
    measure TEXT NOT NULL,
    comparison TEXT NOT NULL,
    threshold DOUBLE PRECISION NOT NULL,
    seen_result BIGINT NOT NULL,
    hits BIGINT NOT NULL DEFAULT 0,
    first_hit BIGINT,
    first_hit_at BIGINT,
    value DOUBLE PRECISION,
    registered_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX watch_open ON watch (experiment_id, id) WHERE ended_at IS NULL;

-- The history of how far each bundle is let out: stages, halts, pauses, approvals, ways back. No line is ever changed.
-- Tasks sent while a bundle was let out are marked, so that they are counted without looking at any other task.
CREATE TABLE release (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    bundle_digest TEXT NOT NULL REFERENCES bundle (digest),
    change TEXT NOT NULL,
    platform TEXT NOT NULL,
    reason TEXT NOT NULL,
    said_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- A question that the laboratory might ask next. The body never changes; the state does, once. Approval registers the
-- question, and the row then names the registration.
CREATE TABLE proposal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    slug TEXT NOT NULL,
    template TEXT NOT NULL,
    experiment_id BIGINT NOT NULL REFERENCES experiment (id),
    finding_number BIGINT NOT NULL REFERENCES finding (id),
    body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',
    why TEXT NOT NULL DEFAULT '',
    decided_by TEXT NOT NULL DEFAULT '',
    registration_id BIGINT REFERENCES registration (id),
    session_id BIGINT REFERENCES session (id),
    created_at BIGINT NOT NULL,
    decided_at BIGINT
);
CREATE INDEX proposal_state ON proposal (state, id);

-- A claim of the old laboratory, as the catalogue lists it: words and number are the list's, and follow it.
CREATE TABLE old_claim (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    claim TEXT NOT NULL,
    experiment TEXT NOT NULL,
    figure TEXT NOT NULL,
    rests_on TEXT NOT NULL,
    status TEXT NOT NULL,
    source TEXT NOT NULL,
    scripts TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- A statement about two findings, a finding and an old claim, or an explanation: who said it, when and why. `line` and
-- `evidence_hash` keep the evidence of that day. A link is never changed.
CREATE TABLE link (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    source_noun TEXT NOT NULL CHECK (source_noun IN ('finding', 'old claim')),
    source_id BIGINT NOT NULL,
    target_noun TEXT NOT NULL CHECK (target_noun IN ('finding', 'old claim', 'link')),
    target_id BIGINT NOT NULL,
    upheld_by TEXT NOT NULL,
    why TEXT NOT NULL,
    said_by TEXT NOT NULL,
    line BIGINT NOT NULL,
    evidence_hash TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    UNIQUE (kind, source_noun, source_id, target_noun, target_id)
);
CREATE INDEX link_target ON link (target_noun, target_id);

-- How much the janitor deleted each time, also when it was nothing: sessions tell of it.
CREATE TABLE cleaning (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cleaned_at BIGINT NOT NULL,
    files BIGINT NOT NULL,
    uploads BIGINT NOT NULL,
    blobs BIGINT NOT NULL,
    sign_ins BIGINT NOT NULL,
    caches BIGINT NOT NULL
);
CREATE INDEX cleaning_at ON cleaning (cleaned_at);

-- A volunteer or host that asked to be forgotten. For some weeks the statistics files tell other sites whom to forget,
-- by the number and the hashed id that were in them.
CREATE TABLE tombstone (
    noun TEXT NOT NULL CHECK (noun IN ('volunteer', 'host')),
    number BIGINT NOT NULL,
    cpid TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (noun, number)
);

-- A message of the operator to everybody: in the news, and on the front page for some days.
CREATE TABLE news (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    line TEXT NOT NULL,
    text TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    withdrawn_at BIGINT
);

INSERT INTO ending_look VALUES(1,0);
