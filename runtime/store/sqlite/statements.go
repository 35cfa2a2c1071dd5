package sqlite

// statement is one of the writer's prepared statements.
type statement int

// The writer's statements.
const (
	stmtBegin statement = iota
	stmtCommit
	stmtRollback
	stmtInsertRun
	stmtInsertOtherRun
	stmtNoteChunk
	stmtAddCounts
	stmtAddSlot
	stmtFolded
	stmtForgetSlots
	stmtForgetCounts
	stmtInsertEntry
	stmtPutEntry
	stmtPutPlainEntry
	stmtSetHead
	stmtSetHeadAndFree
	stmtSetLastHead
	stmtSetExpiringHead
	stmtFree
	stmtFreeNow
	stmtFurther
	stmtBind
	stmtTryAlone
	stmtClaimSuspect
	stmtClaimRun
	stmtClaimPlace
	stmtClaimPlaceOfNew
	stmtBlock
	stmtUnblockNext
	stmtUnblockAny
	stmtAdmit
	stmtLetStart
	stmtNoteOtherInput
	stmtInsertMessage
	stmtWake
	stmtUnblock
	stmtConsume
	stmtConsumeOf
	stmtConsumeAll
	stmtSaveSchedule
	stmtSaveCoverage
	stmtTrimCoverage
	stmtSaveDefinition
	stmtDeleteRun
	stmtDeleteEnded
	stmtDeleteLog
	stmtAddCommit
	stmtTrimCommits
	statementCount
)

// The values of a newRunRow and a claim go into a run; a plain one has none for the last columns.
const (
	insertIntoRuns = `INSERT INTO runs (id, flow, version, major, minor, tenant, priority, idempotency_key, labels,
		attempt, created_at, input, trace, sum, head_sum, claim, status, phase, started_at, finished_at, wake_at, end_seq`
	newRunValues = `?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', '', 0, 0, `
)

// The values of an entryRow go into an entry; a plain one has none for the last seven columns.
const (
	insertIntoLog = `INSERT INTO log (run, seq, end_seq, kind, step, run_attempt, attempt,
		started_at, finished_at, input, output, sum, actor, wake_at, error, key, signal_id, progress, checkpoint)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, `
	entryValues      = `?, ?, ?, ?, ?, ?, ?)`
	plainEntryValues = `'', 0, NULL, '', '', NULL, NULL)`
	orReplace        = ` ON CONFLICT (run, seq) DO UPDATE SET end_seq = excluded.end_seq, kind = excluded.kind,
		step = excluded.step, run_attempt = excluded.run_attempt, attempt = excluded.attempt,
		started_at = excluded.started_at, finished_at = excluded.finished_at, input = excluded.input,
		output = excluded.output, actor = excluded.actor, wake_at = excluded.wake_at, error = excluded.error,
		key = excluded.key, signal_id = excluded.signal_id,
		progress = excluded.progress, checkpoint = excluded.checkpoint, sum = excluded.sum`
	// What is lazy tells of an attempt that is under way: that it is, and how far. The row is replaced as a whole, since
	// its checksum is of all of it: the same input may be other bytes by now, encrypted with a newer key.
	orReplaceOpen = orReplace + ` WHERE log.end_seq = 0`
)

const setHead = `UPDATE runs SET status = ?, phase = ?, attempt = ?, output = ?, error = ?,
	started_at = ?, finished_at = ?, end_seq = ?, head_sum = ?, `

// A message that came while the run was claimed makes it due at once.
const dueUnlessMessages = `wake_at = CASE WHEN EXISTS (SELECT 1 FROM messages WHERE messages.run = runs.run) THEN 0 ELSE ? END`

var statementTexts = [statementCount]string{
	stmtBegin:     `BEGIN IMMEDIATE`,
	stmtCommit:    `COMMIT`,
	stmtRollback:  `ROLLBACK`,
	stmtInsertRun: insertIntoRuns + `) VALUES (` + newRunValues + `0, 0) ON CONFLICT DO NOTHING`,
	stmtInsertOtherRun: insertIntoRuns + `, parent_id, retry_of, concurrency, blocked) VALUES (` + newRunValues + `?, 0, ?, ?, ?,
		CASE WHEN ? <> 0 THEN 2 ELSE ` + othersBlocked + ` END) ON CONFLICT DO NOTHING`,
	stmtNoteChunk: `INSERT INTO run_chunks (chunk, flow, earliest, latest) VALUES (?, ?, ?, ?) ON CONFLICT (flow, chunk)
		DO UPDATE SET earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest)`,
	stmtAddCounts: `INSERT INTO run_counts (flow, tenant, pending, running, completed, failed, cancelled)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
		pending = pending + excluded.pending, running = running + excluded.running, completed = completed + excluded.completed,
		failed = failed + excluded.failed, cancelled = cancelled + excluded.cancelled`,
	stmtAddSlot: `INSERT INTO run_slots (slot, flow, others, tenant, bucket, started, completed, failed, cancelled)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
		started = started + excluded.started, completed = completed + excluded.completed,
		failed = failed + excluded.failed, cancelled = cancelled + excluded.cancelled`,
	stmtFolded:         `UPDATE meta SET folded = ? WHERE id = 1`,
	stmtForgetSlots:    `DELETE FROM run_slots WHERE slot < ?`,
	stmtForgetCounts:   `DELETE FROM run_counts WHERE pending = 0 AND running = 0 AND completed = 0 AND failed = 0 AND cancelled = 0`,
	stmtInsertEntry:    insertIntoLog + entryValues + orReplaceOpen,
	stmtPutEntry:       insertIntoLog + entryValues + orReplace,
	stmtPutPlainEntry:  insertIntoLog + plainEntryValues + orReplace,
	stmtSetHead:        setHead + `wake_at = ? WHERE run = ? AND claim = ?`,
	stmtSetHeadAndFree: setHead + dueUnlessMessages + `, claim = 0, takeovers = 0 WHERE run = ? AND claim = ?`,
	stmtSetLastHead:    setHead + `wake_at = ?, claim = 0 WHERE run = ? AND claim = ?`,
	// Not many flows have their runs deleted: for the others it is not worth the index.
	stmtSetExpiringHead: setHead + `wake_at = ?, claim = 0, delete_at = ? WHERE run = ? AND claim = ?`,
	stmtFree:            freeText,
	stmtFreeNow:         freeNowText,
	stmtFurther:         `UPDATE runs SET takeovers = 0 WHERE run = ? AND takeovers <> 0`,
	stmtBind:            `UPDATE runs SET concurrency = ? WHERE run = ? AND concurrency IS NULL`,
	stmtTryAlone:        `UPDATE meta SET alone = ? WHERE id = 1 AND alone <> ?`,
	stmtClaimSuspect:    `UPDATE runs SET claim = ? WHERE run = ? AND claim < 0`,
	stmtClaimRun: `UPDATE runs SET claim = ?, blocked = 0 WHERE run = ? AND (claim <= 0 OR claim = ?)
		AND status IN ('pending', 'running')`,
	stmtClaimPlace:      claimPlace,
	stmtClaimPlaceOfNew: claimPlace + noneWaits,
	stmtBlock:           blockText,
	stmtUnblockNext:     unblockText(isHighest),
	stmtUnblockAny:      unblockText(isNext),
	stmtAdmit:           admitText,
	stmtLetStart:        letStartText,
	stmtNoteOtherInput:  noteOtherInputText,
	stmtInsertMessage: `INSERT INTO messages (run, kind, reason, actor, at, name, key, signal_id, payload, error, sum)
		SELECT run, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM runs WHERE id = ? AND status IN ('pending', 'running')`,
	stmtWake:      `UPDATE runs SET wake_at = 0 WHERE id = ? AND claim = 0 AND status = 'running' AND wake_at <> 0`,
	stmtUnblock:   `UPDATE runs SET blocked = 0 WHERE id = ? AND blocked <> 0`,
	stmtConsume:   `DELETE FROM messages WHERE id = ? AND run = ?`,
	stmtConsumeOf: `DELETE FROM messages WHERE run = ?`,
	stmtConsumeAll: `DELETE FROM messages WHERE run IN (
		SELECT value FROM json_each(CASE WHEN EXISTS (SELECT 1 FROM messages) THEN ? ELSE '[]' END))`,
	stmtSaveSchedule: `INSERT INTO schedules (last, last_run, flow, name, sum) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (flow, name) DO UPDATE SET last = excluded.last, last_run = excluded.last_run, sum = excluded.sum`,
	stmtSaveDefinition: `INSERT INTO definitions (flow, version, hash, saved_at, description) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (flow, version) DO UPDATE SET hash = excluded.hash, saved_at = excluded.saved_at,
		description = excluded.description WHERE hash <> excluded.hash`,
	stmtSaveCoverage: saveCoverageText,
	stmtTrimCoverage: trimCoverageText,
	stmtDeleteRun:    `DELETE FROM runs WHERE run = ? AND ` + expired,
	stmtDeleteEnded:  `DELETE FROM runs WHERE run = ? AND status NOT IN ('pending', 'running')`,
	stmtDeleteLog:    `DELETE FROM log WHERE run = ?`,
	stmtAddCommit:    addCommitText,
	stmtTrimCommits:  trimCommitsText,
}
