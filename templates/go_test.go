package templates

import (
	"bytes"
	"go/format"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bextgen/bextgen/schema/model"
)

// orders is the model of a flow with a bit of everything, as schema makes it.
func orders() *model.Package {
	str := &model.Type{Kind: model.String}
	item := &model.Named{
		Name: "Item", Pos: at(9),
		Fields: []*model.Field{{Name: "sku", GoName: "SKU", Type: str}, {Name: "quantity", GoName: "Quantity", Type: kind(model.Int)}},
	}
	order := &model.Named{
		Name: "Order", Doc: "What a customer ordered.", Pos: at(10), Secret: true,
		Fields: []*model.Field{
			{Name: "card", GoName: "Card", Doc: "Token of the card.", Type: str, Secret: true},
			{Name: "total", GoName: "Total", Type: kind(model.Float)},
			{Name: "items", GoName: "Items", Type: &model.Type{Kind: model.List, Elem: &model.Type{Kind: model.Struct, Named: item}}},
			{Name: "note", GoName: "Note", Type: &model.Type{Kind: model.Optional, Elem: str}},
		},
	}
	orderType := &model.Type{Kind: model.Struct, Named: order}
	in := &model.Payload{
		GoName: "ShipOrderInput", Doc: "is the input of ship-order.", Pos: at(20),
		Fields: []*model.Field{{Name: "orderId", GoName: "OrderID", Type: str}},
	}
	validate := &model.Step{
		BlockHead: model.BlockHead{Name: "validate", GoName: "Validate", VarName: "validate", Doc: "Reads the order.", Pos: at(24)},
		In:        &model.Payload{GoName: "ShipOrderValidateInput", Doc: "is what the step validate gets.", Fields: in.Fields},
		Bindings: []*model.Binding{{
			Field: in.Fields[0],
			Value: sel(&model.Expr{Kind: model.InputVar, Type: &model.Type{Kind: model.Struct, Payload: in}}, in.Fields[0]),
		}},
		Out: &model.Payload{
			GoName: "ShipOrderValidateOutput", Doc: "is the result of the step validate.", Secret: true,
			Fields: []*model.Field{{Name: "order", GoName: "Order", Type: orderType}},
		},
	}
	read := func(field int) *model.Expr {
		out := &model.Expr{Kind: model.BlockVar, Step: validate, Type: &model.Type{Kind: model.Struct, Payload: validate.Out}}
		return sel(sel(out, validate.Out.Fields[0]), order.Fields[field])
	}
	ship := &model.Step{
		BlockHead: model.BlockHead{
			Name: "ship", GoName: "Ship", VarName: "ship", Pos: at(28), Skippable: true,
			Delay: 1500 * time.Millisecond,
			When: binaryExpr("greater_int64", kind(model.Bool),
				&model.Expr{Kind: model.Call, Overload: "size_list", Type: kind(model.Int), Args: []*model.Expr{read(2)}},
				&model.Expr{Kind: model.Literal, Value: int64(0), Type: kind(model.Int)}),
		},
		Policy: model.Policy{
			Timeout: time.Minute, Retries: 2, Backoff: model.Exponential, BackoffBase: time.Second,
		},
		In: &model.Payload{
			GoName: "ShipOrderShipInput", Doc: "is what the step ship gets.", Secret: true,
			Fields: []*model.Field{
				{Name: "card", GoName: "Card", Type: str, Secret: true},
				{Name: "total", GoName: "Total", Type: kind(model.Float)},
			},
		},
		Out: &model.Payload{
			GoName: "ShipOrderShipOutput", Doc: "is the result of the step ship.",
			Fields: []*model.Field{{Name: "shipped", GoName: "Shipped", Type: kind(model.Bool)}},
		},
	}
	ship.Bindings = []*model.Binding{{Field: ship.In.Fields[0], Value: read(0)}, {Field: ship.In.Fields[1], Value: read(1)}}
	ship.Undo = &model.Compensation{Name: "unship", GoName: "Unship", Policy: ship.Policy}
	notify := &model.Step{
		BlockHead: model.BlockHead{Name: "notify", GoName: "Notify", VarName: "notify", Pos: at(36)},
		In:        &model.Payload{GoName: "ShipOrderNotifyInput", Doc: "is what the step notify gets."},
	}
	out := &model.Payload{
		GoName: "ShipOrderOutput", Doc: "is the output of ship-order.",
		Fields: []*model.Field{{Name: "shipped", GoName: "Shipped", Type: kind(model.Bool)}},
	}
	shipValue := &model.Expr{
		Kind: model.BlockVar, Step: ship,
		Type: &model.Type{Kind: model.Optional, Elem: &model.Type{Kind: model.Struct, Payload: ship.Out}},
	}
	return &model.Package{
		Name:  "orders",
		Types: []*model.Named{item, order},
		Errors: []*model.Error{{
			Name: "payment-declined", GoName: "PaymentDeclined", Doc: "The bank said no.", Pos: at(18), Permanent: true,
			Fields: []*model.Field{{Name: "reason", GoName: "Reason", Type: str}},
		}},
		Flows: []*model.Flow{{
			Name: "ship-order", GoName: "ShipOrder", VarName: "shipOrder", Version: "1.0", Pos: at(2),
			Doc: "Takes an order from validation to the mail.", MaxAttempts: 3, Timeout: 30 * time.Minute,
			Input: in, Body: []model.Block{validate, ship, notify}, Steps: []*model.Step{validate, ship, notify},
			Output: &model.Output{Payload: out, Bindings: []*model.Binding{{
				Field: out.Fields[0],
				Value: binaryExpr("optional_orValue_value", kind(model.Bool),
					sel(shipValue, ship.Out.Fields[0]),
					&model.Expr{Kind: model.Literal, Value: false, Type: kind(model.Bool)}),
			}}},
		}},
	}
}

func at(line int) model.Pos { return model.Pos{File: "ship-order.flow.yaml", Line: line, Column: 1} }

func kind(k model.Kind) *model.Type { return &model.Type{Kind: k} }

func sel(from *model.Expr, field *model.Field) *model.Expr {
	t := field.Type
	if from.Type.Kind == model.Optional && t.Kind != model.Optional {
		t = &model.Type{Kind: model.Optional, Elem: t}
	}
	return &model.Expr{Kind: model.Select, Type: t, Field: field, Args: []*model.Expr{from}, Fallible: from.Fallible}
}

func binaryExpr(overload string, t *model.Type, a, b *model.Expr) *model.Expr {
	return &model.Expr{Kind: model.Call, Overload: overload, Type: t, Args: []*model.Expr{a, b}}
}

func TestGoIsTheSameFromRunToRun(t *testing.T) {
	first, err := Go(orders())
	for range 20 {
		if again, againErr := Go(orders()); err != nil || againErr != nil || !reflect.DeepEqual(again, first) {
			t.Fatalf("the same model gave other text (%v, %v):\n%s", err, againErr, again)
		}
	}
}

func TestGoIsFormatted(t *testing.T) {
	pkg := orders()
	pkg.Flows[0].Doc = "# A heading\n\n  - one\n  - two\n[link]: https://example.com\n\n\tcode"
	pkg.Types[0].Doc = pkg.Flows[0].Doc
	text := generate(t, pkg)
	formatted, err := format.Source([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(formatted, []byte(text)) {
		t.Errorf("gofmt would change the text to:\n%s", formatted)
	}
}

func TestGoRefuses(t *testing.T) {
	t.Run("two specs for one file", func(t *testing.T) {
		pkg := orders()
		pkg.Types[0].Pos.File = "ship_order.flow.yaml"
		_, err := Go(pkg)
		if err == nil || !strings.Contains(err.Error(), "would both be written to ship_order.flow.go") {
			t.Errorf("got error %v", err)
		}
	})
	unknown := &model.Expr{Kind: model.Call, Overload: "frobnicate", Type: kind(model.Bool), Pos: at(40)}
	for name, block := range map[string]model.Block{
		"in a condition": &model.Parallel{BlockHead: model.BlockHead{When: unknown}},
		"in a time":      &model.Parallel{BlockHead: model.BlockHead{Until: unknown}},
		"in a case":      &model.Choose{Cases: []*model.Case{{When: unknown}}},
		"in a branch": &model.Parallel{Branches: [][]model.Block{nil, {
			&model.Step{Bindings: []*model.Binding{{Value: unknown}}},
		}}},
		"in the list of a foreach": &model.Foreach{Over: unknown},
		"in a collect":             &model.Foreach{Collect: unknown},
		"in a block of a foreach":  &model.Foreach{Body: []model.Block{&model.Parallel{BlockHead: model.BlockHead{When: unknown}}}},
		"in the key of a wait":     &model.Wait{Key: unknown},
		"in a block of a case": &model.Choose{Cases: []*model.Case{{Body: []model.Block{
			&model.Step{BlockHead: model.BlockHead{When: unknown}},
		}}}},
	} {
		t.Run("an operator without Go "+name, func(t *testing.T) {
			pkg := orders()
			pkg.Flows[0].Body = append(pkg.Flows[0].Body, block)
			_, err := Go(pkg)
			if err == nil || !strings.Contains(err.Error(), "needs frobnicate, for which there is no Go") {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// generate is the Go of a package with one flow, whose description comes behind it.
func generate(t *testing.T, pkg *model.Package) string {
	t.Helper()
	files, err := Go(pkg)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 {
		t.Fatalf("got %d files, want 2", len(files))
	}
	return string(files[0].Content)
}
