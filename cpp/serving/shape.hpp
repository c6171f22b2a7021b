// What a step's duration depends on: a batch reduced to sums over its segments.
#pragma once

namespace headway::serving {

// A segment gives q tokens to a sequence that has c tokens in the cache. It is a decode if q = 1 and
// the sequence has spoken before; all else, recomputation included, is prefill.
struct Shape {
    double prefill_tokens = 0;   // sum of q
    double prefills = 0;         // number of prefill segments
    double prefill_context = 0;  // sum of c
    double prefill_pairs = 0;    // sum of q (c + (q + 1) / 2): causal query-key pairs
    double decodes = 0;          // number of decode segments
    double decode_context = 0;   // sum of c
    double decode_longest = 0;   // largest c
    double sequences = 0;        // that emit a token at the end of the step
    double extra_tokens = 0;     // in the linear layers, of no request: co-served finetuning
    double extra_pairs = 0;      // their query-key pairs
};

}  // namespace headway::serving
