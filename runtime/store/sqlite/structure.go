package sqlite

import (
	"fmt"
	"strings"

	lib "modernc.org/sqlite/lib"
)

// This file finds what is lost: a row that nothing points to any more has a checksum (checksum.go) that nobody looks
// at. SQLite finds it by the space that is not accounted for, and by indexes that say more than their table.

// maxLookedThrough is how many pages a database has at most to be looked through when it is opened: 32 MiB, in which
// that takes a quarter of a second. For larger ones a start would take too long.
const maxLookedThrough = 4096

// checkStructure looks through a database that is not too large for that. It writes nothing.
func checkStructure(c *conn) error {
	pages, _, err := c.number(`PRAGMA page_count`)
	if err != nil || pages > maxLookedThrough {
		return err
	}
	var faults []string
	err = c.query(`PRAGMA integrity_check(3)`, nil, func(row []value) error {
		if fault := fmt.Sprint(row[0]); fault != "ok" {
			faults = append(faults, fault)
		}
		return nil
	})
	switch {
	case len(faults) > 0:
		return damaged("SQLite finds: %s", strings.Join(faults, "; "))
	case code(err) == lib.SQLITE_ERROR:
		return nil // a table of somebody else's needs a function, say, that this program does not have
	}
	return err
}
