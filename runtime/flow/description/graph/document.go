package graph

import (
	"bytes"

	"github.com/bextgen/bextgen/runtime/flow/description"
)

// Document is the picture of a flow as a file of its own, with its style in it.
func Document(f *description.Flow) []byte {
	svg := SVG(f, Picture{})
	head, rest, _ := bytes.Cut(svg, []byte("\n"))
	return bytes.Join([][]byte{head, []byte("<style>"), []byte(CSS() + "</style>"), rest}, []byte("\n"))
}
