package description

// Layout is where the parts of a flow's graph lie, in pixels from the top left. It is made when
// the code is generated, by the package graph.
type Layout struct {
	Width  int `json:"width"`
	Height int `json:"height"`
	// Nodes are the blocks, those with others in them before these, with a start and an end.
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// The kinds of nodes that are no blocks.
const (
	Start Kind = "start"
	End   Kind = "end"
)

// Node is a rectangle: of a block, or with an empty Path of the flow's start or end.
type Node struct {
	Path string `json:"path,omitempty"`
	Kind Kind   `json:"kind"`
	// Label is the block's name, Details are lines about it and Undo is the handler of its
	// compensation; all of them are short enough for the rectangle.
	Label   string   `json:"label,omitempty"`
	Details []string `json:"details,omitempty"`
	Undo    string   `json:"undo,omitempty"`
	// Conditional says that the block has a `when`.
	Conditional bool `json:"conditional,omitempty"`
	X           int  `json:"x"`
	Y           int  `json:"y"`
	Width       int  `json:"width"`
	Height      int  `json:"height"`
	// Header is the height of the texts of a block with others in it.
	Header int `json:"header,omitempty"`
}

// Edge is a line between two nodes, of which one may be around the other.
type Edge struct {
	// From and To are the paths of the nodes; of the start and the end they are empty.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Points are the corners of the line, as x and y.
	Points [][2]int `json:"points"`
	// Arrow says that the line ends where a block begins.
	Arrow bool `json:"arrow,omitempty"`
	// Labels say under which condition or when it is gone along.
	Labels []Label `json:"labels,omitempty"`
}

// Label is a text in a rectangle on an edge.
type Label struct {
	Text   string `json:"text"`
	X      int    `json:"x"`
	Y      int    `json:"y"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}
