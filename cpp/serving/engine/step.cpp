// A step under way, and what it leaves.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "serving/engine/engine.hpp"

namespace headway::serving {

Shape Engine::measure() const {
    Shape shape;
    for (const auto k : running_) {
        const Live& live = at(k);
        if (live.granted == 0 || live.busy) {
            continue;
        }
        const auto q = static_cast<double>(live.granted);
        const auto c = static_cast<double>(live.computed);
        if (live.decodes()) {
            ++shape.decodes;
            shape.decode_context += c;
            shape.decode_longest = std::max(shape.decode_longest, c);
        } else {
            ++shape.prefills;
            shape.prefill_tokens += q;
            shape.prefill_context += c;
            shape.prefill_pairs += q * (c + (q + 1) / 2);
        }
        shape.sequences += live.speaks_next(live.granted);
    }
    return shape;
}

// A static batch: every row is as long as the longest, those that have finished included.
Shape Engine::padded(Shape shape) const {
    double longest = 0;
    double context = 0;
    for (const auto k : running_) {
        if (const Live& live = at(k); live.granted > 0 && !live.busy && !live.decodes()) {
            longest = std::max(longest, static_cast<double>(live.granted));
            context = std::max(context, static_cast<double>(live.computed));
        }
    }
    if (shape.prefills > 0) {
        shape.prefill_tokens = shape.prefills * longest;
        shape.prefill_context = shape.prefills * context;
        shape.prefill_pairs = shape.prefill_tokens * (context + (longest + 1) / 2);
    } else if (shape.decodes > 0) {
        shape.decodes = static_cast<double>(static_size_);
        shape.decode_context = shape.decodes * shape.decode_longest;
        shape.sequences = shape.decodes;
    }
    return shape;
}

double Engine::step_s() const {
    const double seconds = pace_ * step_time_->seconds(shape_);
    if (!(seconds >= 0) || !std::isfinite(seconds)) {
        throw std::domain_error("engine: a step time that is not a number of seconds");
    }
    return seconds;
}

void Engine::launch(double seconds) {
    const double duration = seconds + stall_s_;
    const double stage = duration / static_cast<double>(config_.pipeline);
    Flight flight{now_ + duration, steps_.size(), {}};
    if (!flights_.empty()) {
        // Stages are equal, and no batch overtakes another in the last one.
        flight.end_s = std::max(flight.end_s, flights_.back().end_s + stage);
    }
    for (const auto k : running_) {
        if (Live& live = at(k); live.granted > 0 && !live.busy) {
            live.busy = true;
            flight.batch.push_back(k);
        }
    }
    stage_free_s_ = now_ + stage;
    stall_s_ = 0;
    may_begin_ = config_.pipeline > 1;
    record(flight.end_s);
    flights_.push_back(std::move(flight));
}

void Engine::record(double end_s) {
    if (!(end_s > now_)) {
        throw std::domain_error("engine: a step too short to tell its end from its start");
    }
    steps_.start_s.push_back(now_);
    steps_.end_s.push_back(end_s);
    steps_.prefill_tokens.push_back(static_cast<std::int32_t>(work_.prefill_tokens));
    steps_.decodes.push_back(static_cast<std::int32_t>(work_.decodes));
    steps_.sequences.push_back(static_cast<std::int32_t>(work_.sequences));
    steps_.running.push_back(static_cast<std::int32_t>(running_.size()));
    steps_.waiting.push_back(static_cast<std::int32_t>(waiting_.size()));
    steps_.used_blocks.push_back(static_cast<std::int32_t>(config_.blocks - pool_.free()));
    steps_.extra_tokens.push_back(shape_.extra_tokens);
}

void Engine::end_step() {
    const Flight flight = std::move(flights_.front());
    flights_.pop_front();
    if (flight.warmed > 0) {
        end_warming_step(flight.warmed);
    }
    for (const auto k : flight.batch) {
        Live& live = at(k);
        live.busy = false;
        const Int before = live.computed;
        live.computed += live.granted;
        live.granted = 0;
        outcome_->recomputed_tokens[static_cast<std::size_t>(live.request)] +=
            static_cast<std::int32_t>(
                std::max<Int>(0, std::min(live.computed_before, live.computed) - before));
        learn(live, live.computed);
        if (live.computed == live.target) {
            speak(live, flight.step, now_);
            if (live.generated == live.output) {
                running_.erase(std::ranges::find(running_, k));
                close(k, Status::finished);
                continue;
            }
        }
        if (live.leaving) {
            running_.erase(std::ranges::find(running_, k));
            left_.push_back({live.request, live.computed, live.generated});
            forget(k);
        }
    }
}

// Full blocks can be found from now on.
void Engine::learn(Live& live, Int computed) {
    if (!config_.prefix_caching) {
        return;
    }
    for (; live.learned < computed / config_.block_tokens; ++live.learned) {
        const Content content = live.contents(live.learned);
        const bool is_first =
            pool_.learn(live.blocks[static_cast<std::size_t>(live.learned)], content);
        if (watched_ && is_first) {
            cache_changes_.push_back({content, live.request, live.learned});
        }
    }
}

void Engine::speak(Live& live, Int step, double at_s) {
    const auto r = static_cast<std::size_t>(live.request);
    if (live.last_step != step - 1 || live.first_step == ABSENT) {
        flush(live, segments_);
        live.first_step = step;
    }
    live.last_step = step;
    ++live.generated;
    ++live.target;
    if (std::isnan(outcome_->first_token_s[r])) {
        outcome_->first_token_s[r] = at_s;
    }
    outcome_->last_token_s[r] = at_s;
    outcome_->generated[r] = static_cast<std::int32_t>(live.generated);
}

void Engine::flush(const Live& live, Segments& segments) const {
    if (live.first_step != ABSENT) {
        segments.request.push_back(static_cast<std::int32_t>(live.request));
        segments.first_step.push_back(live.first_step);
        segments.last_step.push_back(live.last_step);
    }
}

// Ends a request that is in no list any more.
void Engine::close(std::int32_t k, Status status) {
    const Int request = at(k).request;
    const Int generated = at(k).generated;
    forget(k);
    end(request, generated, status, now_);
}

void Engine::end(Int request, Int generated, Status status, double at_s) {
    outcome_->status[static_cast<std::size_t>(request)] = static_cast<std::int8_t>(status);
    ended_.requests.push_back(request);
    ended_.generated.push_back(generated);
    ended_.status.push_back(static_cast<Int>(status));
    ended_.at_s.push_back(at_s);
    release_client(at_s);
}

void Engine::forget(std::int32_t k) {
    Live& live = at(k);
    give_blocks(live);
    flush(live, segments_);
    index_.erase(live.request);
    if (blocked_ == live.request) {
        blocked_ = ABSENT;  // its number may come again
    }
    if (const auto some = by_priority_.find(live.priority); --some->second == 0) {
        by_priority_.erase(some);
    }
    spare_.push_back(k);
}

Segments Engine::segments() const {
    Segments all = segments_;
    for (const auto k : running_) {
        flush(at(k), all);
    }
    for (const auto& waiter : waiting_) {
        flush(at(std::get<2>(waiter)), all);
    }
    return all;
}

}  // namespace headway::serving
