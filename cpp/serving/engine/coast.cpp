// Many steps at once while nothing but speech happens.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "serving/engine/engine.hpp"

namespace headway::serving {

// Whether the next steps, as far as one can see, are the running requests' next tokens and no more.
bool Engine::can_coast() const {
    if (reserved_ > 0 || config_.pipeline > 1 || config_.ask_budget || config_.ask_fill ||
        running_.empty() || config_.refill_when_empty || !loads_.empty() ||
        static_cast<Int>(running_.size()) > config_.token_budget) {
        return false;
    }
    if (!waiting_.empty() && static_cast<Int>(running_.size()) < config_.max_sequences &&
        !rests()) {
        const bool is_blocked = !config_.ask_admit &&
                                (config_.prompt_must_fit || config_.reserve != Reserve::step) &&
                                blocked_ == std::get<1>(*waiting_.begin()) &&
                                blocked_changes_ == pool_.changes();
        if (!is_blocked) {
            return false;
        }
    }
    return std::ranges::all_of(running_, [&](auto k) { return at(k).decodes(); });
}

// Returns the number of steps made, none of which ends a request.
Int Engine::coast(double until_s, Int max_steps) {
    const Int size = config_.block_tokens;
    Int most = max_steps;
    shape_ = {};
    for (const auto k : running_) {
        const Live& live = at(k);
        most = std::min(most, live.output - live.generated - 1);
        const auto context = static_cast<double>(live.computed);
        shape_.decode_context += context;
        shape_.decode_longest = std::max(shape_.decode_longest, context);
    }
    const bool is_resting = rests();
    if (is_resting && !waiting_.empty()) {
        most = std::min(most, last_admission_ + config_.admit_every - steps_.size());
    }
    if (most < 2) {
        return 0;
    }
    const auto n = static_cast<double>(running_.size());
    shape_.decodes = shape_.sequences = n;
    work_ = shape_;
    for (auto& ring : rings_) {
        ring.clear();
    }
    for (const auto k : running_) {
        rings_[static_cast<std::size_t>(at(k).computed % size)].push_back(k);
    }
    // At step i the requests of ring (-i mod size) begin a block and have just filled one.
    const auto at_boundary = [&](Int i) -> const std::vector<std::int32_t>& {
        return rings_[static_cast<std::size_t>((size - i % size) % size)];
    };
    const auto fill = [&](Int i) {
        for (const auto k : at_boundary(i)) {
            learn(at(k), at(k).computed + i);
        }
    };
    const double arrival_s = arrivals_.empty() ? NEVER : arrivals_.top().at_s;
    const Int changes = pool_.changes();
    const Int first = steps_.size();
    Int made = 0;
    for (; made < most && arrival_s > now_ && now_ < until_s; ++made) {
        const auto& growing = at_boundary(made);
        const auto must_take = [&](std::int32_t k) {
            return static_cast<Int>(at(k).blocks.size()) * size == at(k).computed + made;
        };
        if (std::ranges::count_if(growing, must_take) > pool_.free()) {
            break;
        }
        const double end_s = now_ + step_s();
        if (end_s > until_s) {
            break;
        }
        for (const auto k : growing) {
            if (must_take(k)) {
                at(k).blocks.push_back(take_block());
            }
        }
        record(end_s);
        now_ = end_s;
        shape_.decode_context += n;
        ++shape_.decode_longest;
        fill(made + 1);
        if (pool_.changes() != changes && !waiting_.empty() && !is_resting) {
            ++made;
            break;
        }
    }
    if (made == 0) {
        return 0;
    }
    stage_free_s_ = now_;
    for (const auto k : running_) {
        Live& live = at(k);
        live.computed += made;
        speak(live, first, steps_.end_s[static_cast<std::size_t>(first)]);
        live.generated += made - 1;
        live.target += made - 1;
        live.last_step += made - 1;
        outcome_->last_token_s[static_cast<std::size_t>(live.request)] = now_;
        outcome_->generated[static_cast<std::size_t>(live.request)] =
            static_cast<std::int32_t>(live.generated);
    }
    return made;
}

}  // namespace headway::serving
