package breaking

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/bextgen/bextgen/runtime/flow/description"
	"github.com/bextgen/bextgen/schema/diag"
	"github.com/bextgen/bextgen/schema/model"
)

// Now is a package as it is.
type Now struct {
	Package *model.Package
	// Flows describe the flows of the package, in its order.
	Flows []*description.Flow
	// Frozen says whether the code of a major version of a flow is kept in a package of its own.
	Frozen func(flow string, major int) bool
	// Over are flows of which nobody has runs under way any more.
	Over []string
}

// Compare says which changes since the lock running runs would not survive. Places are
// those in the flow files, by their base names.
func Compare(lock *Lock, now Now) diag.List {
	report := new(diag.Reporter)
	for _, old := range lock.Flows {
		if slices.Contains(now.Over, old.ID) {
			continue
		}
		i := slices.IndexFunc(now.Flows, func(f *description.Flow) bool { return f.ID == old.ID })
		if i < 0 {
			flowGone(old, now, report)
			continue
		}
		c := &comparison{
			Reporter: report, flow: now.Package.Flows[i], old: old, now: now.Flows[i],
			was: placesOf(old), is: placesOf(now.Flows[i]), heads: map[string]*model.BlockHead{},
		}
		c.compare(now)
	}
	return report.List()
}

// Check is Compare and, if all changes are fine, whether the lock has them.
func Check(lock *Lock, now Now) diag.List {
	if wrong := Compare(lock, now); len(wrong) > 0 || lock.Same(Locked(now.Flows)) {
		return wrong
	}
	d := diag.Diagnostic{File: LockFile, Code: diag.StaleLock, Message: "the lock is not current: all changes since are fine, so write it with `bextgen breaking --write` and commit it"}
	if len(lock.Flows) == 0 {
		d.Message = "there is no lock yet: write it with `bextgen breaking --write` and commit it, and what running runs depend on is watched from then on"
	}
	return diag.List{d}
}

// Same says whether a lock is that of the flows as they are.
func (l *Lock) Same(other *Lock) bool {
	a, errA := json.Marshal(l.Flows)
	b, errB := json.Marshal(other.Flows)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// flowGone reports a flow that is in no file any more.
func flowGone(old *description.Flow, now Now, report *diag.Reporter) {
	v, _ := parseVersion(old.Version)
	if now.Frozen(old.ID, v.major) {
		return
	}
	names := make([]string, len(now.Flows))
	for i, f := range now.Flows {
		names[i] = f.ID
	}
	report.Add(diag.VersionGone, model.Pos{}, "the flow `%s` is gone%s: its runs that are under way would be parked, since nothing has their code; "+
		"freeze it first (`bextgen freeze`), or if all of them are over say so with `--over %s`", old.ID, diag.DidYouMean(old.ID, names), old.ID)
}

// comparison is that of one flow.
type comparison struct {
	*diag.Reporter
	flow     *model.Flow
	old, now *description.Flow
	was, is  *places
	heads    map[string]*model.BlockHead // of the blocks as they are, by name
}

func (c *comparison) compare(now Now) {
	before, after := c.versions()
	if before.major != after.major {
		if after.major < before.major {
			c.Add(diag.VersionNotRaised, c.flow.Pos, "the version of `%s` was %s and is %s: a later version has a greater number", c.old.ID, c.old.Version, c.now.Version)
		} else if !now.Frozen(c.old.ID, before.major) {
			c.Add(diag.VersionGone, c.flow.Pos, "version %s of `%s` is gone: its runs that are under way would be parked, since nothing has their code; "+
				"freeze it first (`bextgen freeze` with the file of before), or if all of them are over say so with `--over %s`", c.old.Version, c.old.ID, c.old.ID)
		}
		return
	}
	model.EachBlock(c.flow.Body, func(b model.Block) { c.heads[b.Head().Name] = b.Head() })
	c.blocks()
	c.orders()
	c.types()
	c.errors()
	c.reads()
	if !(&Lock{Flows: []*description.Flow{unversioned(c.old)}}).Same(&Lock{Flows: []*description.Flow{unversioned(locked(c.now))}}) && after.minor <= before.minor {
		c.Add(diag.VersionNotRaised, c.flow.Pos, "`%s` has changed and its version has not: raise it to %d.%d. "+
			"Else a process that still has the code of before takes runs of this one, whose blocks and values it does not know", c.old.ID, before.major, before.minor+1)
	}
}

func unversioned(f *description.Flow) *description.Flow {
	c := *f
	c.Version = ""
	return &c
}

type version struct{ major, minor int }

func (c *comparison) versions() (before, after version) {
	before, _ = parseVersion(c.old.Version)
	after, _ = parseVersion(c.now.Version) // checked
	return before, after
}

func parseVersion(text string) (v version, err error) {
	if _, err = fmt.Sscanf(text, "%d.%d", &v.major, &v.minor); err != nil {
		return v, fmt.Errorf("the version %q is not of the form major.minor", text)
	}
	return v, nil
}

// Major is the major number of a version.
func Major(text string) int {
	v, _ := parseVersion(text)
	return v.major
}

// pos is where a block stands, or the flow if it does not any more.
func (c *comparison) pos(block string) model.Pos {
	if head := c.heads[block]; head != nil {
		return head.Pos
	}
	return c.flow.Pos
}
