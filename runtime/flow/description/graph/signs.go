package graph

import (
	"fmt"

	"github.com/bextgen/bextgen/runtime/flow/description"
)

// signs are the pictures in front of names, as paths in a square of 16.
var signs = map[description.Kind]string{
	description.Step:     "M5 3.5 12 8 5 12.5z",
	description.Wait:     "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0zM8 4.5V8l2.5 1.5",
	description.Call:     "M6.5 3.5h-3v9h9v-3M9.5 3.5h3v3M12.5 3.5 7.5 8.5",
	description.Parallel: "M4 3v10M8 3v10M12 3v10",
	description.Choose:   "M8 2.5v3M8 5.5 4 9.5v4M8 5.5l4 4v4",
	description.Foreach:  "M3 7.5a5 5 0 0 1 9-2.5M13 8.5a5 5 0 0 1-9 2.5M12.5 2v3h-3M3.5 14v-3h3",
}

// signUndo stands in front of a compensation.
const signUndo = "M5.5 3.5l-3 3 3 3M2.5 6.5h7a3.5 3.5 0 0 1 0 7H6"

// statusSigns say the status of a block not by its colour alone.
var statusSigns = map[string]string{
	"completed":    "M3 8.5l3.5 3.5L13 4.5",
	"failed":       "M4 4l8 8M12 4l-8 8",
	"cancelled":    "M4 4l8 8M12 4l-8 8",
	"skipped":      "M4 8h8",
	"running":      "M5 4v8M8 4v8M11 4v8",
	"waiting":      "M13 8A5 5 0 1 1 3 8a5 5 0 0 1 10 0zM8 5.5V8l2 1",
	"compensating": signUndo,
	"compensated":  signUndo,
}

// statusSign is the sign of a status in the right corner of a block.
func statusSign(status string, n description.Node) string {
	sign, known := statusSigns[status]
	if !known {
		return ""
	}
	return fmt.Sprintf(`<g class="status" transform="translate(%d %d)"><circle cx="8" cy="8" r="9"/>`+
		`<path transform="translate(2.4 2.4) scale(0.7)" d="%s"/></g>`, n.X+n.Width-8, n.Y-8, sign)
}
