// How a step is put together: tokens and blocks for those that run.
#include <algorithm>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "serving/engine/engine.hpp"

namespace headway::serving {

void Engine::begin_composition() {
    composing_ = true;
    pass_ = cursor_ = 0;
    budget_ = config_.token_budget;
    n_granted_ = n_new_ = longest_new_ = 0;
    grower_ = ABSENT;
    growth_ = 0;
    asked_ = preempted_ = dropped_ = stopped_ = held_up_ = false;
    ran_before_ = !running_.empty();
    candidates_.clear();
    shape_ = {};
}

Ask Engine::compose() {
    if (config_.ask_budget && pass_ == 0 && cursor_ == 0 && !asked_) {
        return Ask::budget;
    }
    for (; pass_ < program_.size(); ++pass_, cursor_ = 0) {
        const Pass pass = program_[pass_];
        if (pass == Pass::fill && must_form_again()) {
            break;
        }
        if (pass == Pass::admit) {
            if (const Ask ask = admit(); ask != Ask::nothing) {
                return ask;
            }
        } else if (pass == Pass::fill) {
            work_ = measure();
            shape_ = config_.refill_when_empty ? padded(work_) : work_;
            if (config_.ask_fill) {
                ++pass_;
                return Ask::fill;
            }
        } else if (const Ask ask = grow(pass); ask != Ask::nothing) {
            return ask;
        }
        asked_ = false;
        if (config_.mix == Mix::prefill_first) {
            stopped_ = false;  // decodes go on if no prefill does
        }
    }
    return Ask::nothing;
}

// Blocks have been given back, yet nobody has got tokens: others may now.
bool Engine::must_form_again() const { return n_granted_ == 0 && (preempted_ || dropped_); }

void Engine::answer_budget(Int tokens) {
    if (tokens < 0) {
        throw std::invalid_argument("engine: a negative token budget");
    }
    budget_ = std::min(tokens, config_.token_budget);
    asked_ = true;
}

void Engine::answer_fill(double tokens, double pairs) {
    if (!(tokens >= 0) || !(pairs >= 0)) {
        throw std::invalid_argument("engine: a negative filling");
    }
    shape_.extra_tokens = tokens;
    shape_.extra_pairs = pairs;
}

bool Engine::belongs(const Live& live, Pass pass) const {
    switch (pass) {
        case Pass::decodes:
        case Pass::decodes_if_idle: return live.decodes();
        case Pass::prefills: return !live.decodes();
        default: return true;
    }
}

Int Engine::wanted(const Live& live, Int missing) const {
    Int tokens = std::min(missing, budget_);
    if (config_.long_prefill_tokens > 0 && !live.decodes()) {
        tokens = std::min(tokens, config_.long_prefill_tokens);
    }
    return tokens;
}

Ask Engine::grow(Pass pass) {
    const bool goes_on = growth_ > 0;  // after a question
    if (pass == Pass::decodes_if_idle && n_granted_ > 0 && !goes_on) {
        return Ask::nothing;
    }
    for (; !stopped_ && cursor_ < running_.size(); ++cursor_) {
        const auto k = running_[cursor_];
        Live& live = at(k);
        if (live.busy || live.granted > 0 || !belongs(live, pass)) {
            continue;
        }
        // What a victim gives back of the budget is for those that come after the grower.
        Int tokens = std::exchange(growth_, 0);
        if (tokens == 0) {
            tokens = wanted(live, live.target - live.computed);
        }
        if (tokens <= 0) {
            continue;
        }
        const Int needed = blocks_for(live.computed + tokens);
        if (needed > config_.blocks) {
            running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(cursor_--));
            drop(k);
            continue;
        }
        const auto held = static_cast<Int>(live.blocks.size());
        bool is_victim = false;
        bool is_stuck = false;
        while (needed - held > pool_.free() - reserved_ && !is_victim && !is_stuck) {
            if (config_.ask_victim && grower_ == ABSENT) {
                grower_ = live.request;
                growth_ = tokens;
                return Ask::victim;
            }
            grower_ = ABSENT;
            const std::ptrdiff_t index = victim();
            is_stuck = at(running_[static_cast<std::size_t>(index)]).busy;
            if (!is_stuck) {
                is_victim = running_[static_cast<std::size_t>(index)] == k;
                evict(index);
            }
        }
        if (is_victim || is_stuck) {
            stopped_ = true;
            held_up_ = is_stuck;
            break;
        }
        while (static_cast<Int>(live.blocks.size()) < needed) {
            live.blocks.push_back(take_block());
        }
        live.granted = tokens;
        budget_ -= tokens;
        n_granted_ += tokens;
    }
    return Ask::nothing;
}

// Ends a request that has grown too large. Its client may send the next one at once.
void Engine::drop(std::int32_t k) {
    close(k, Status::dropped);
    dropped_ = true;
    take_arrivals();
}

// The place in `running_` of the one who gives way; while it is busy, nobody does.
std::ptrdiff_t Engine::victim() const {
    std::ptrdiff_t chosen = ABSENT;
    const auto rank = [&](const Live& live) -> std::tuple<double, double> {
        switch (config_.victim) {
            case Yield::priority: return {static_cast<double>(live.priority), live.arrival_s};
            case Yield::least_progress:
                return {-static_cast<double>(live.generated), static_cast<double>(live.prompt)};
            default: return {0, 0};
        }
    };
    for (std::size_t i = 0; i < running_.size(); ++i) {
        const Live& live = at(running_[i]);
        if (chosen < 0 || rank(live) >= rank(at(running_[static_cast<std::size_t>(chosen)]))) {
            chosen = static_cast<std::ptrdiff_t>(i);
        }
    }
    return chosen;
}

void Engine::answer_victim(Int request) {
    const auto found = index_.find(request);
    const auto place = found == index_.end()
                           ? running_.end()
                           : std::ranges::find(running_, found->second);
    if (place == running_.end()) {
        throw std::invalid_argument("engine: the victim is not running");
    }
    held_up_ = at(*place).busy;
    stopped_ = held_up_ || request == grower_;
    grower_ = ABSENT;
    if (stopped_) {
        growth_ = 0;
    }
    if (!held_up_) {
        evict(place - running_.begin());
    }
}

bool Engine::swaps(const Live& live) const {
    if (config_.eviction != Eviction::cheaper) {
        return config_.eviction == Eviction::swap;
    }
    const auto tokens = static_cast<double>(live.computed);
    Shape again;
    again.prefill_tokens = tokens;
    again.prefills = 1;
    again.prefill_pairs = tokens * (tokens + 1) / 2;
    again.sequences = 1;
    return 2 * static_cast<double>(blocks_for(live.computed)) * config_.block_seconds <
           step_time_->seconds(again);
}

void Engine::evict(std::ptrdiff_t index) {
    const auto k = running_[static_cast<std::size_t>(index)];
    Live& live = at(k);
    running_.erase(running_.begin() + index);
    if (static_cast<std::size_t>(index) < cursor_) {
        --cursor_;
    }
    budget_ += live.granted;
    n_granted_ -= live.granted;
    live.granted = 0;
    if (swaps(live)) {
        stall_s_ += static_cast<double>(blocks_for(live.computed)) * config_.block_seconds;
        live.kept = live.computed;
        live.swapped = true;
    } else {
        live.computed_before = std::max(live.computed_before, live.computed);
        live.remains = live.blocks;
    }
    live.computed = 0;
    live.learned = 0;
    give_blocks(live);
    ++outcome_->preemptions[static_cast<std::size_t>(live.request)];
    preempted_ = true;
    enqueue(k);
}

// The tail first, so that it is forgotten first.
void Engine::give_blocks(Live& live) {
    for (auto block = live.blocks.rbegin(); block != live.blocks.rend(); ++block) {
        pool_.give(*block, live.request);
    }
    live.blocks.clear();
}

std::int32_t Engine::take_block() {
    Content forgotten = NOTHING;
    const auto block = static_cast<std::int32_t>(pool_.take(forgotten));
    if (forgotten != NOTHING) {
        host_.put(forgotten);
        if (watched_) {
            cache_changes_.push_back({forgotten, ABSENT, ABSENT});
        }
    }
    return block;
}

}  // namespace headway::serving
