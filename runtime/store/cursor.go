package store

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// This file is the cursors of pages, for those who implement List. A cursor is the key of
// the last run that a page looked at, so that a page does not move when runs are added,
// and a digest of the filter: with another filter, such as one of another tenant, it is refused.

// CursorAt is the Next of a page of the filter that is over with the run of a key. Keys
// are greater than 0.
func (f Filter) CursorAt(key int64) string {
	return strconv.FormatInt(key, 36) + "-" + f.digest()
}

// CursorKey is the key of the filter's Cursor: the page has runs of lower keys. It is 0
// for the first page. It returns ErrCursor if CursorAt did not make the cursor for this filter.
func (f Filter) CursorKey() (int64, error) {
	if f.Cursor == "" {
		return 0, nil
	}
	text, _, _ := strings.Cut(f.Cursor, "-")
	key, err := strconv.ParseInt(text, 36, 64)
	if err != nil || key < 1 || f.CursorAt(key) != f.Cursor {
		return 0, fmt.Errorf("%w: %q; use the Next of an earlier page of the same filter as it is", ErrCursor, f.Cursor)
	}
	return key, nil
}

// digest is the same for filters that select the same, whatever the size of their pages.
func (f Filter) digest() string {
	f.Limit, f.Cursor = 0, ""
	f.Statuses, f.Tenants = sorted(f.Statuses), sorted(f.Tenants)
	f.Since, f.Until = f.Since.UTC(), f.Until.UTC()
	text, err := json.Marshal(f) // with the keys of maps sorted
	if err != nil {              // a time in a year without four digits
		text = fmt.Appendf(nil, "%+v", f)
	}
	sum := sha256.Sum256(text)
	return fmt.Sprintf("%x", sum[:6])
}

// sorted is a list without what is twice in it; nil and empty stay apart.
func sorted[T ~string](list []T) []T {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// PageSize is the filter's Limit, brought into its range.
func (f Filter) PageSize() int {
	if f.Limit == 0 {
		return DefaultPage
	}
	return min(max(f.Limit, 1), MaxPage)
}
