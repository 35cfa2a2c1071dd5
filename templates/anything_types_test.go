package templates_test

// This file has the Go types of drawn packages.

const goOwnSource = `

type Own struct {
	Label  string  ` + "`json:\"label\"`" + `
	Weight float32 ` + "`json:\"weight\"`" + `
	Shard  uint64  ` + "`json:\"shard\"`" + `
}

func (o *Own) Validate() error { return nil }
`

const goMoneySource = `// Package time has the name of another one.
package time

import (
	"encoding/json"
	"time"
)

type Kind string

type Tags []string

type Part struct {
	Name string  ` + "`json:\"name\"`" + `
	N    uint32  ` + "`json:\"n\"`" + `
	Next *Part   ` + "`json:\"next,omitempty\"`" + `
}

type Amount struct {
	Units    int64           ` + "`json:\"units\"`" + `
	Kind     Kind            ` + "`json:\"kind\"`" + `
	Note     *string         ` + "`json:\"note\"`" + `
	At       time.Time       ` + "`json:\"at\"`" + `
	Pause    time.Duration   ` + "`json:\"pause\"`" + `
	Raw      []byte          ` + "`json:\"raw\"`" + `
	Parts    []Part          ` + "`json:\"parts\"`" + `
	By       map[string]Part ` + "`json:\"by\"`" + `
	Small    int8            ` + "`json:\"small\"`" + `
	First    Part            ` + "`json:\"first\"`" + `
	Rounding *int            ` + "`json:\"rounding\"`" + `
	Tags     Tags            ` + "`json:\"tags\"`" + `
	Any      json.RawMessage ` + "`json:\"any\"`" + `
}

func (a Amount) Validate() error { return nil }
`
