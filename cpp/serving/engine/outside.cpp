// What happens to an engine from outside: requests leave and come half done, and things break.
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "serving/engine/engine.hpp"

namespace headway::serving {

void Engine::withdraw(Int request) {
    const auto found = index_.find(request);
    if (found == index_.end()) {
        return;
    }
    const auto k = found->second;
    Live& live = at(k);
    if (live.busy) {
        live.leaving = true;
        return;
    }
    if (const auto place = std::ranges::find(running_, k); place != running_.end()) {
        running_.erase(place);
    } else {
        unqueue(k);
    }
    left_.push_back({request, std::max(live.computed, live.kept), live.generated});
    forget(k);
    may_begin_ = true;
}

std::vector<Left> Engine::take_left() { return std::exchange(left_, {}); }

bool Engine::reserve(Int blocks) {
    if (blocks < 0) {
        throw std::invalid_argument("engine: a negative number of blocks");
    }
    if (blocks > pool_.free() - reserved_) {
        return false;
    }
    reserved_ += blocks;
    cancel_warming();
    return true;
}

void Engine::unreserve(Int blocks) {
    if (blocks < 0 || blocks > reserved_) {
        throw std::invalid_argument("engine: so many blocks are not reserved");
    }
    reserved_ -= blocks;
    blocked_ = ABSENT;
    may_begin_ = true;
}

void Engine::keep(Ints requests, Reals worths) {
    const auto is_known = [&](Int request) { return request >= 0 && request < traffic_->size(); };
    if (requests.size() != worths.size() || !std::ranges::all_of(requests, is_known) ||
        !std::ranges::none_of(worths, [](double worth) { return std::isnan(worth); })) {
        throw std::invalid_argument("engine: a number is expected for each request to keep");
    }
    for (std::size_t i = 0; i < requests.size(); ++i) {
        pool_.keep(requests[i], worths[i]);
    }
}

// A request for which blocks were reserved goes on where it was, without queueing.
void Engine::join(std::int32_t k, Int reserved) {
    Live& live = at(k);
    unreserve(reserved);
    const Int needed = blocks_for(live.kept);
    if (needed > pool_.free() - reserved_ || n_running() >= config_.max_sequences) {
        enqueue(k);
        return;
    }
    while (static_cast<Int>(live.blocks.size()) < needed) {
        live.blocks.push_back(take_block());
    }
    live.computed = std::exchange(live.kept, 0);
    live.has_started = true;
    learn(live, live.computed);
    running_.push_back(k);
}

std::vector<Int> Engine::crash() {
    std::vector<Int> present;
    for (const auto k : running_) {
        present.push_back(at(k).request);
        at(k).blocks.clear();
        forget(k);
    }
    for (const auto& waiter : Waiting(waiting_)) {
        present.push_back(std::get<1>(waiter));
        forget(std::get<2>(waiter));
    }
    for (; !arrivals_.empty(); arrivals_.pop()) {
        present.push_back(arrivals_.top().request);
    }
    for (const auto& flight : flights_) {
        const auto step = static_cast<std::size_t>(flight.step);
        steps_.end_s[step] = now_;
        steps_.sequences[step] = 0;
    }
    warming_.reset();
    running_.clear();
    waiting_.clear();
    flights_.clear();
    loads_.clear();
    pool_ = Pool(config_.blocks);
    host_ = HostCache(config_.host_blocks);
    blocks_wanted_ = reserved_ = 0;
    blocked_ = ABSENT;
    stage_free_s_ = now_;
    stall_s_ = 0;
    may_begin_ = composing_ = false;
    return present;
}

bool Engine::clear_cache() {
    if (pool_.free() < config_.blocks) {
        return false;
    }
    pool_ = Pool(config_.blocks);
    host_ = HostCache(config_.host_blocks);
    blocked_ = ABSENT;
    return true;
}

std::vector<CacheChange> Engine::take_cache_changes() {
    return std::exchange(cache_changes_, {});
}

void Engine::forget_history() {
    const Int n = flights_.empty() ? steps_.size() : flights_.front().step;
    const auto cut = [n](auto& column) { column.erase(column.begin(), column.begin() + n); };
    cut(steps_.start_s);
    cut(steps_.end_s);
    cut(steps_.prefill_tokens);
    cut(steps_.decodes);
    cut(steps_.sequences);
    cut(steps_.running);
    cut(steps_.waiting);
    cut(steps_.used_blocks);
    cut(steps_.extra_tokens);
    for (auto& flight : flights_) {
        flight.step -= n;
    }
    last_admission_ -= n;
    segments_ = {};
    for (auto& live : lives_) {
        live.first_step = live.last_step = ABSENT;
    }
}

void Engine::stall(double until_s) {
    if (!(until_s >= now_) || until_s == NEVER) {
        throw std::invalid_argument("engine: it cannot stall into the past or for ever");
    }
    for (auto& flight : flights_) {
        flight.end_s = std::max(flight.end_s, until_s);
        steps_.end_s[static_cast<std::size_t>(flight.step)] = flight.end_s;
    }
    stage_free_s_ = std::max(stage_free_s_, until_s);
}

void Engine::set_pace(double pace) {
    if (!(pace > 0) || pace == NEVER) {
        throw std::invalid_argument("engine: a pace must be positive");
    }
    pace_ = pace;
}

}  // namespace headway::serving
