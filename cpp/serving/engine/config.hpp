// How an engine forms its batches and keeps its cache.
#pragma once

#include "base.hpp"

namespace headway::serving {

enum class Mix { together, prefill_first };      // prefills and decodes in one step, or apart
enum class Reserve { step, prompt, whole };      // blocks taken at admission
enum class Yield { last, priority, least_progress };  // who gives way when blocks run short
enum class Eviction { recompute, swap, cheaper };

struct Config {
    Int blocks = 0;
    Int block_tokens = 16;
    Int token_budget = 2048;
    Int max_sequences = 256;
    Int max_model_tokens = FOREVER;
    Int long_prefill_tokens = 0;  // most tokens of one prefill in a step; 0: no such limit
    Int watermark_blocks = 0;
    Int host_blocks = 0;
    Int pipeline = 1;
    Int clients = 0;  // of a closed loop; 0: open
    Mix mix = Mix::together;
    Reserve reserve = Reserve::step;
    Yield victim = Yield::last;
    Eviction eviction = Eviction::recompute;
    bool prefix_caching = true;
    bool prompt_must_fit = true;
    bool padded_budget = false;
    bool prefill_only = false;
    bool chunked = true;
    bool decode_first = false;
    bool refill_when_empty = false;
    double block_seconds = 0;  // that one block takes over the link to the host

    // Decisions that somebody outside takes.
    bool ask_admit = false;
    bool ask_budget = false;
    bool ask_victim = false;
    bool ask_fill = false;
    Int admit_every = 1;  // steps from one question of admission to the next, unless nobody runs
};

}  // namespace headway::serving
