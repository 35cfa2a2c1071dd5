// The counter: how customers give orders, and see what becomes of them.

package main

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"github.com/bextgen/bextgen/runtime"
)

//go:embed pages
var pages embed.FS

var templates = template.Must(template.ParseFS(pages, "pages/*.html"))

// maxOrder is how many bytes a request for an order may have.
const maxOrder = 4 << 10

// take takes an order: its run is on disk when it is answered. The same order once more
// has the same run.
func (o *openedShop) take(w http.ResponseWriter, r *http.Request) {
	var order struct {
		OrderID string `json:"orderId"`
	}
	body := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrder))
	body.DisallowUnknownFields()
	if err := body.Decode(&order); err != nil {
		if large := new(http.MaxBytesError); errors.As(err, &large) {
			refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("an order has %d bytes at most", large.Limit))
			return
		}
		refuse(w, http.StatusBadRequest, fmt.Sprintf(`this is no order: %v; send {"orderId": "ord_1"}`, err))
		return
	}
	if order.OrderID == "" {
		refuse(w, http.StatusBadRequest, `the order has no orderId; send {"orderId": "ord_1"}`)
		return
	}
	run, err := take(r.Context(), order.OrderID)
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	w.Header().Set("Location", "/orders/"+url.PathEscape(order.OrderID))
	answer(w, http.StatusAccepted, "application/json", map[string]string{"run_id": run.ID()})
}

// front shows what can be ordered.
func (o *openedShop) front(w http.ResponseWriter, r *http.Request) {
	show(w, "front.html", o.file.Orders)
}

// page shows an order, and follows its run.
func (o *openedShop) page(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	found, err := o.rt.ListRuns(r.Context(), runtime.RunFilter{Flow: "process-order", IdempotencyKey: id, Limit: 1})
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	if len(found.Runs) == 0 {
		refuse(w, http.StatusNotFound, fmt.Sprintf("the order %s was not given; POST it to /orders", id))
		return
	}
	show(w, "order.html", map[string]any{"Order": id, "Run": found.Runs[0]})
}

func show(w http.ResponseWriter, name string, data any) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	if err := templates.ExecuteTemplate(w, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// refuse says why a request is not answered otherwise (RFC 9457).
func refuse(w http.ResponseWriter, status int, detail string) {
	answer(w, status, "application/problem+json", map[string]any{
		"title": http.StatusText(status), "status": status, "detail": detail,
	})
}

func answer(w http.ResponseWriter, status int, contentType string, body any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) //nolint:errcheck // who asked has gone
}

// assetFiles are the script and the style of the pages.
//
//go:embed assets
var assetFiles embed.FS
