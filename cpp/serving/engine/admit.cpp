// How waiting requests join a step.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "serving/engine/engine.hpp"

namespace headway::serving {

Ask Engine::admit() {
    const auto has_room = [&] {
        return budget_ > 0 && static_cast<Int>(running_.size()) < config_.max_sequences;
    };
    if (preempted_ || held_up_ || (config_.refill_when_empty && ran_before_) || waiting_.empty() ||
        !has_room()) {
        return Ask::nothing;
    }
    if (config_.ask_admit) {
        if (!asked_) {
            return rests() ? Ask::nothing : Ask::admit;
        }
        for (const auto k : candidates_) {
            if (!has_room() || !start(k)) {
                break;
            }
        }
        return Ask::nothing;
    }
    while (!waiting_.empty() && has_room() && start(std::get<2>(*waiting_.begin()))) {
    }
    return Ask::nothing;
}

// Whether it is too early to ask once more whom to admit.
bool Engine::rests() const {
    // By default whenever a step is formed, be it anew because the first attempt came to nothing.
    return config_.ask_admit && config_.admit_every > 1 && !running_.empty() &&
           steps_.size() - last_admission_ < config_.admit_every;
}

void Engine::answer_admit(Ints requests) {
    last_admission_ = steps_.size();
    candidates_.clear();
    ++questions_;
    for (const Int request : requests) {
        const auto found = index_.find(request);
        const bool waits =
            found != index_.end() &&
            waiting_.contains({at(found->second).key, request, found->second}) &&
            at(found->second).named_in != questions_;
        if (!waits) {
            throw std::invalid_argument("engine: a request to be admitted does not wait");
        }
        at(found->second).named_in = questions_;
        candidates_.push_back(found->second);
    }
    asked_ = true;
}

// The longest unbroken chain of full blocks that are still known; one token is left to compute.
Engine::Hits Engine::hits(const Live& live) const {
    Hits found;
    if (!config_.prefix_caching || live.swapped) {
        return found;
    }
    const Int most = (live.target - 1) / config_.block_tokens;
    for (Int j = 0; j < most; ++j) {
        const Content content = live.contents(j);
        Int block = ABSENT;
        if (content >= 0) {
            block = pool_.find(content);
        } else if (j < static_cast<Int>(live.remains.size()) &&
                   pool_.holds(live.remains[static_cast<std::size_t>(j)], content)) {
            block = live.remains[static_cast<std::size_t>(j)];
        }
        if (block == ABSENT) {
            break;
        }
        found.device.push_back(static_cast<std::int32_t>(block));
        found.device_free += pool_.is_free(block);
    }
    if (live.kept > 0) {
        return found;  // what comes along need not come from the host
    }
    auto j = static_cast<Int>(found.device.size());
    while (j < most && live.contents(j) >= 0 && host_.has(live.contents(j))) {
        ++j;
    }
    found.host = j - static_cast<Int>(found.device.size());
    return found;
}

// How many of the missing tokens the step has room for, 0 if none.
Int Engine::chunk(const Live& live, Int missing) const {
    if (config_.chunked) {
        return wanted(live, missing);
    }
    const bool is_first = n_granted_ == 0;
    const Int total = (n_new_ + 1) * std::max(longest_new_, missing);
    const bool fits = missing <= budget_ &&
                      (!config_.padded_budget || total <= budget_ + n_granted_);
    return fits || is_first ? missing : 0;
}

bool Engine::fits(const Live& live, const Hits& hits, Int base, Int tokens, Int& blocks) const {
    Int reserved = base + tokens;
    if (config_.reserve == Reserve::prompt) {
        reserved = std::max(reserved, live.target);
    } else if (config_.reserve == Reserve::whole) {
        reserved = std::max(reserved, live.longest);
    }
    blocks = std::min(blocks_for(reserved), config_.blocks);
    const Int asked = config_.prompt_must_fit ? std::max(blocks, blocks_for(live.target)) : blocks;
    const Int free = pool_.free() - reserved_ - hits.device_free -
                     (running_.empty() ? 0 : config_.watermark_blocks);
    return asked - static_cast<Int>(hits.device.size()) <= free;
}

bool Engine::start(std::int32_t k) {
    Live& live = at(k);
    if (blocks_for(live.target) > config_.blocks) {
        unqueue(k);
        drop(k);
        return true;
    }
    const bool depends_on_budget = !config_.prompt_must_fit && config_.reserve == Reserve::step;
    if (!depends_on_budget && blocked_ == live.request && blocked_changes_ == pool_.changes()) {
        return false;
    }
    const Hits found = hits(live);
    const auto n_hits = static_cast<Int>(found.device.size());
    const Int base = std::max(live.kept, (n_hits + found.host) * config_.block_tokens);
    const bool loads = found.host > 0;
    const Int tokens = loads ? 0 : chunk(live, live.target - base);
    if (tokens == 0 && !loads) {
        return false;
    }
    Int blocks = 0;
    if (!fits(live, found, base, tokens, blocks)) {
        blocked_ = live.request;
        blocked_changes_ = pool_.changes();
        return false;
    }
    unqueue(k);
    for (const auto block : found.device) {
        pool_.hold(block);
    }
    for (Int j = n_hits; j < n_hits + found.host; ++j) {
        host_.touch(live.contents(j));
    }
    live.blocks = found.device;
    live.learned = n_hits;
    while (static_cast<Int>(live.blocks.size()) < blocks) {
        live.blocks.push_back(take_block());
    }
    live.remains.clear();
    if (live.swapped) {
        live.swapped = false;
        stall_s_ += static_cast<double>(blocks_for(live.kept)) * config_.block_seconds;
    }
    live.kept = 0;
    live.computed = base;
    live.granted = tokens;
    budget_ -= std::min(budget_, tokens);
    n_granted_ += tokens;
    n_new_ += tokens > 0;
    longest_new_ = std::max(longest_new_, tokens);
    running_.push_back(k);
    static_size_ = n_running();  // of a static batch, which is not added to later
    if (!live.has_started) {
        live.has_started = true;
        const auto r = static_cast<std::size_t>(live.request);
        if (std::isnan(outcome_->scheduled_s[r])) {
            outcome_->scheduled_s[r] = now_;
            outcome_->cached_tokens[r] = static_cast<std::int32_t>(base);
        }
    }
    if (loads) {
        load(k, found.host);
    }
    return true;
}

// Fetches blocks from the host over the one link; the request waits for them with its blocks held.
void Engine::load(std::int32_t k, Int host_blocks) {
    at(k).busy = true;
    link_free_s_ =
        std::max(now_, link_free_s_) + static_cast<double>(host_blocks) * config_.block_seconds;
    loads_.push_back({link_free_s_, k, host_blocks});
}

void Engine::end_load() {
    const Load load = loads_.front();
    loads_.pop_front();
    Live& live = at(load.live);
    live.busy = false;
    learn(live, live.computed);
}

}  // namespace headway::serving
