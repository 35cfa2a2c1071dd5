package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/bextgen/bextgen/runtime"
)

// This file is the acts on one run.

// ActRequest is the body of an act. All of it may be missing, but for what the act needs.
type ActRequest struct {
	// Reason is stored with a cancel, terminate or pause.
	Reason string `json:"reason"`
	// StepName is the path of the block from which a fork goes on, or of that whose pause
	// skip-delay ends; without it, skip-delay ends that before the flow is tried again.
	StepName string `json:"step_name"`
}

// ActAnswer is the answer to an act.
type ActAnswer struct {
	RunID string `json:"run_id"`
	Act   string `json:"act"`
	// NewRunID is the run that a retry, rerun or fork made.
	NewRunID *string `json:"new_run_id"`
}

// act does something to a run. It returns the id of the run that it made, if it made one.
type act func(ctx context.Context, rt *runtime.Runtime, runID string, q ActRequest) (newID string, err error)

// acts are those of the table, by the last part of the path.
var acts = map[string]act{
	"cancel": func(ctx context.Context, rt *runtime.Runtime, id string, q ActRequest) (string, error) {
		return "", rt.CancelRun(ctx, id, q.Reason, actor(ctx))
	},
	"terminate": func(ctx context.Context, rt *runtime.Runtime, id string, q ActRequest) (string, error) {
		return "", rt.TerminateRun(ctx, id, q.Reason, actor(ctx))
	},
	"pause": func(ctx context.Context, rt *runtime.Runtime, id string, q ActRequest) (string, error) {
		return "", rt.PauseRun(ctx, id, q.Reason, actor(ctx))
	},
	"resume": func(ctx context.Context, rt *runtime.Runtime, id string, _ ActRequest) (string, error) {
		return "", rt.ResumeRun(ctx, id, actor(ctx))
	},
	"skip-delay": func(ctx context.Context, rt *runtime.Runtime, id string, q ActRequest) (string, error) {
		return "", rt.SkipDelay(ctx, id, q.StepName, actor(ctx))
	},
	"retry": func(ctx context.Context, rt *runtime.Runtime, id string, _ ActRequest) (string, error) {
		return rt.RetryRun(ctx, id, actor(ctx))
	},
	"rerun": func(ctx context.Context, rt *runtime.Runtime, id string, _ ActRequest) (string, error) {
		return rt.RerunRun(ctx, id, actor(ctx))
	},
	"fork": func(ctx context.Context, rt *runtime.Runtime, id string, q ActRequest) (string, error) {
		if q.StepName == "" {
			return "", badField("step_name", "name the block from which the new run is to go on")
		}
		return rt.ForkRun(ctx, id, q.StepName, actor(ctx))
	},
	"delete": func(ctx context.Context, rt *runtime.Runtime, id string, _ ActRequest) (string, error) {
		return "", rt.DeleteRun(ctx, id, actor(ctx))
	},
}

func actor(ctx context.Context) runtime.ActOption { return runtime.WithActor(principalOf(ctx).Name) }

func (h *handler) postAct(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("act")
	do := acts[name]
	if do == nil {
		return notFound()
	}
	body, err := h.readBody(w, r)
	if err != nil {
		return err
	}
	var q ActRequest
	if isForm(r, body) {
		form, err := formOf(body)
		if err != nil {
			return err
		}
		q = ActRequest{Reason: form.Get("reason"), StepName: form.Get("step_name")}
	} else if err := decodeBody(body, &q); err != nil {
		return err
	}
	return h.act(w, r, name, do, q)
}

// deleteRun is the act delete by its own method; a page, whose forms only post, has the other.
func (h *handler) deleteRun(w http.ResponseWriter, r *http.Request) error {
	return h.act(w, r, "delete", acts["delete"], ActRequest{})
}

func (h *handler) act(w http.ResponseWriter, r *http.Request, name string, do act, q ActRequest) error {
	runID := r.PathValue("runId")
	if err := h.find(r.Context(), runID); err != nil {
		return err
	}
	newID, err := do(r.Context(), h.rt, runID, q)
	if err != nil {
		return err
	}
	if wantsHTML(r) {
		h.showAfter(w, r, name, runID, newID)
		return nil
	}
	return writeJSON(w, http.StatusOK, ActAnswer{RunID: runID, Act: name, NewRunID: orNull(newID)})
}

// showAfter sends a browser to what came of an act: the run, or the one that it made.
func (h *handler) showAfter(w http.ResponseWriter, r *http.Request, name, runID, newID string) {
	to := h.prefix + "/admin/flows"
	switch {
	case newID != "":
		to += "/" + url.PathEscape(newID)
	case name != "delete":
		to += "/" + url.PathEscape(runID)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
