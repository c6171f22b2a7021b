#include "serving/engine/engine.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace headway::serving {

namespace {

void check(const Config& config, const Traffic& traffic) {
    constexpr Int MANY = Int{1} << 24;
    if (config.blocks < 1 || config.blocks > MANY || config.block_tokens < 1 ||
        config.block_tokens > MANY || config.token_budget < 1 || config.max_sequences < 1 ||
        config.max_model_tokens < 2 || config.pipeline < 1 || config.clients < 0 ||
        config.watermark_blocks < 0 || config.host_blocks < 0 || config.long_prefill_tokens < 0 ||
        !(config.block_seconds >= 0)) {
        throw std::invalid_argument("engine: a setting out of range");
    }
    const Int size = traffic.id_tokens;
    if (!traffic.offsets.empty() && size % config.block_tokens != 0 &&
        config.block_tokens % size != 0) {
        throw std::invalid_argument("engine: its blocks and those of the ids do not fit together");
    }
}

}  // namespace

Engine::Engine(std::shared_ptr<const Traffic> traffic, std::shared_ptr<Outcome> outcome,
               const Config& config, std::shared_ptr<const StepTime> step_time)
    : traffic_(std::move(traffic)),
      outcome_(std::move(outcome)),
      config_(config),
      step_time_(std::move(step_time)),
      pool_((check(config, *traffic_), config.blocks)),
      host_(config.host_blocks) {
    if (config.mix == Mix::prefill_first) {
        program_ = {Pass::prefills, Pass::admit, Pass::decodes_if_idle, Pass::fill};
    } else if (config.decode_first) {
        program_ = {Pass::decodes, Pass::prefills, Pass::admit, Pass::fill};
    } else {
        program_ = {Pass::all, Pass::admit, Pass::fill};
    }
    rings_.resize(static_cast<std::size_t>(config.block_tokens));
    may_begin_ = config.ask_fill;
}

void Engine::submit(Int request, double at_s, const Progress& progress) {
    if (request < 0 || request >= traffic_->size()) {
        throw std::out_of_range("engine: no such request");
    }
    if (!(at_s >= now_) || at_s == NEVER) {
        throw std::invalid_argument("engine: a request cannot arrive in the past");
    }
    if (config_.clients > 0 && clients_busy_ == config_.clients) {
        backlog_.push_back(request);
        return;
    }
    clients_busy_ += config_.clients > 0;
    arrivals_.push({at_s, request, progress});
}

void Engine::release_client(double at_s) {
    if (config_.clients == 0) {
        return;
    }
    if (backlog_.empty()) {
        --clients_busy_;
        return;
    }
    arrivals_.push({at_s, backlog_.front(), {}});
    backlog_.pop_front();
}

void Engine::arrive(const Arrival& arrival) {
    const auto r = static_cast<std::size_t>(arrival.request);
    if (index_.contains(arrival.request)) {
        throw std::invalid_argument("engine: a request arrives twice");
    }
    if (std::isnan(outcome_->arrival_s[r])) {
        outcome_->arrival_s[r] = arrival.at_s;
    }
    Live live(*traffic_, arrival.request, config_.block_tokens);
    live.arrival_s = arrival.at_s;
    live.key = traffic_->key[r];
    live.priority = traffic_->priority[r];
    live.prompt = traffic_->prompt[r];
    live.longest = std::min(live.prompt + traffic_->limit[r], config_.max_model_tokens);
    live.output = std::min<Int>(traffic_->output[r], live.longest - live.prompt);
    live.target = live.prompt;
    if (live.prompt >= config_.max_model_tokens || blocks_for(live.prompt + 1) > config_.blocks) {
        end(arrival.request, 0, Status::dropped, arrival.at_s);
        return;
    }
    if (config_.prefill_only) {
        live.output = 1;
    }
    const Progress& progress = arrival.progress;
    live.generated = progress.generated;
    live.target = live.prompt + live.generated;
    live.kept = progress.computed;
    if (live.generated >= live.output || live.kept >= std::max<Int>(live.target, 1)) {
        throw std::invalid_argument("engine: a request comes that has nothing left to do");
    }
    std::int32_t k = static_cast<std::int32_t>(lives_.size());
    if (spare_.empty()) {
        lives_.push_back(std::move(live));
    } else {
        k = spare_.back();
        spare_.pop_back();
        at(k) = std::move(live);
    }
    index_.emplace(arrival.request, k);
    ++by_priority_[at(k).priority];
    if (progress.reserved > 0) {
        join(k, progress.reserved);
    } else {
        enqueue(k);
    }
}

void Engine::enqueue(std::int32_t k) {
    waiting_.emplace(at(k).key, at(k).request, k);
    blocks_wanted_ += blocks_for(at(k).target);
}

void Engine::unqueue(std::int32_t k) {
    waiting_.erase({at(k).key, at(k).request, k});
    blocks_wanted_ -= blocks_for(at(k).target);
}

Int Engine::blocks_wanted_first() const {
    return waiting_.empty() ? 0 : blocks_for(at(std::get<2>(*waiting_.begin())).target);
}

// Ends and admits what is due; tells whether anything was.
bool Engine::settle() {
    bool happened = false;
    while (!flights_.empty() && flights_.front().end_s <= now_) {
        end_step();
        happened = true;
    }
    while (!loads_.empty() && loads_.front().end_s <= now_) {
        end_load();
        happened = true;
    }
    return take_arrivals() || happened;
}

bool Engine::take_arrivals() {
    bool happened = false;
    while (!arrivals_.empty() && arrivals_.top().at_s <= now_) {
        cancel_warming();
        const Arrival arrival = arrivals_.top();
        arrivals_.pop();
        arrive(arrival);
        happened = true;
    }
    return happened;
}

double Engine::next_settlement_s() const {
    double next = NEVER;
    if (!flights_.empty()) {
        next = flights_.front().end_s;
    }
    if (!loads_.empty()) {
        next = std::min(next, loads_.front().end_s);
    }
    if (!arrivals_.empty()) {
        next = std::min(next, arrivals_.top().at_s);
    }
    return next;
}

double Engine::next_beginning_s() const {
    return may_begin_ && static_cast<Int>(flights_.size()) < config_.pipeline
               ? std::max(stage_free_s_, now_)
               : NEVER;
}

Ask Engine::advance(double until_s, Int max_steps, bool begins_at_end) {
    const auto may_begin_at = [&](double time_s) {
        return time_s < until_s || (begins_at_end && time_s == until_s);
    };
    const Int last = steps_.size() + max_steps;
    for (;;) {
        if (!composing_) {
            may_begin_ |= settle();
            const double begins_s = next_beginning_s();
            if (begins_s > now_ || !may_begin_at(now_)) {
                const double settles_s = next_settlement_s();
                const double next_s = std::min(settles_s, begins_s);
                if (next_s == NEVER || (settles_s > until_s && !may_begin_at(begins_s))) {
                    now_ = until_s == NEVER ? now_ : std::max(now_, until_s);
                    return Ask::nothing;
                }
                now_ = std::max(now_, next_s);
                continue;
            }
            if (steps_.size() >= last) {
                return Ask::pause;
            }
            if (can_coast() && coast(until_s, last - steps_.size()) > 0) {
                continue;
            }
            begin_composition();
        }
        if (const Ask ask = compose(); ask != Ask::nothing) {
            return ask;
        }
        composing_ = false;
        if (n_granted_ > 0 || shape_.extra_tokens > 0) {
            launch(step_s());
        } else if (warming_ && may_warm()) {
            launch_warming();
        } else {
            may_begin_ = must_form_again();
        }
    }
}

Int Engine::most_urgent() const {
    return by_priority_.empty() ? LEAST_URGENT : by_priority_.begin()->first;
}

std::vector<Int> Engine::running() const {
    std::vector<Int> requests;
    requests.reserve(running_.size());
    for (const auto k : running_) {
        requests.push_back(at(k).request);
    }
    return requests;
}

std::vector<Int> Engine::waiting(std::size_t most) const {
    std::vector<Int> requests;
    requests.reserve(std::min(most, waiting_.size()));
    for (const auto& waiter : waiting_) {
        if (requests.size() == most) {
            break;
        }
        requests.push_back(std::get<1>(waiter));
    }
    return requests;
}

Residents Engine::residents() const {
    Residents all;
    const auto add = [&](const Live& live, Int stage, Int blocks) {
        all.request.push_back(live.request);
        all.stage.push_back(stage);
        all.computed.push_back(live.computed);
        all.blocks.push_back(blocks);
    };
    for (const auto k : running_) {
        add(at(k), at(k).decodes() ? 2 : 1, static_cast<Int>(at(k).blocks.size()));
    }
    for (const auto& waiter : waiting_) {
        const Live& live = at(std::get<2>(waiter));
        add(live, 0, blocks_for(live.target));
    }
    return all;
}

Int Engine::stage(Int request) const {
    const auto found = index_.find(request);
    if (found == index_.end()) {
        return ABSENT;
    }
    const Live& live = at(found->second);
    if (waiting_.contains({live.key, request, found->second})) {
        return 0;
    }
    return live.decodes() ? 2 : 1;
}

const Live& Engine::live(Int request) const {
    const auto found = index_.find(request);
    if (found == index_.end()) {
        throw std::out_of_range("engine: it does not know this request");
    }
    return at(found->second);
}

Int Engine::cached_tokens(Int request) const {
    const Live& known = live(request);
    const Hits found = hits(known);
    return std::max(known.kept, (static_cast<Int>(found.device.size()) + found.host) *
                                    config_.block_tokens);
}

Int Engine::resident_tokens(Int request) const {
    if (request < 0 || request >= traffic_->size()) {
        throw std::out_of_range("engine: no such request");
    }
    Live live(*traffic_, request, config_.block_tokens);
    live.target = traffic_->prompt[static_cast<std::size_t>(request)];
    const Hits found = hits(live);
    return (static_cast<Int>(found.device.size()) + found.host) * config_.block_tokens;
}

Int Engine::shared_tokens(Int request) const {
    const Hits found = hits(live(request));
    return (static_cast<Int>(found.device.size()) - found.device_free) * config_.block_tokens;
}

Ended Engine::take_ended() { return std::exchange(ended_, {}); }

}  // namespace headway::serving
