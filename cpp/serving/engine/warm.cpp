// How an engine that has nothing to do computes a context that is expected to be needed.
#include <algorithm>
#include <stdexcept>

#include "serving/engine/engine.hpp"

namespace headway::serving {

bool Engine::may_warm() const {
    return config_.prefix_caching && config_.chunked && config_.pipeline == 1 &&
           config_.clients == 0 && !config_.ask_fill && !config_.ask_budget &&
           !config_.refill_when_empty && reserved_ == 0 && running_.empty() && waiting_.empty() &&
           flights_.empty() && loads_.empty();
}

bool Engine::warm(Int request, Int tokens, double at_s) {
    if (request < 0 || request >= traffic_->size()) {
        throw std::out_of_range("engine: no such request");
    }
    if (tokens < 0 || !(at_s >= now_) || at_s == NEVER) {
        throw std::invalid_argument("engine: it cannot warm in the past, nor less than nothing");
    }
    const bool is_due = !arrivals_.empty() && arrivals_.top().at_s <= at_s;
    if (warming_ || is_due || !may_warm()) {
        return false;
    }
    Warming job{request, Contents(*traffic_, request, config_.block_tokens)};
    const Int wanted = std::min(tokens / config_.block_tokens, job.contents.shared_blocks());
    Int found = 0;
    while (found < wanted && pool_.find(job.contents(found)) != ABSENT) {
        ++found;
    }
    if (found == wanted || wanted > config_.blocks) {
        return false;
    }
    for (Int j = 0; j < found; ++j) {
        const Int block = pool_.find(job.contents(j));
        pool_.hold(block);
        job.blocks.push_back(static_cast<std::int32_t>(block));
    }
    job.computed = found * config_.block_tokens;
    job.target = wanted * config_.block_tokens;
    warming_ = std::move(job);
    stage_free_s_ = std::max(stage_free_s_, at_s);
    may_begin_ = true;
    return true;
}

// A step of it, which is recorded as work that is no request's but takes the time of a prefill.
void Engine::launch_warming() {
    Warming& job = *warming_;
    const Int tokens = std::min(config_.token_budget, job.target - job.computed);
    while (static_cast<Int>(job.blocks.size()) * config_.block_tokens < job.computed + tokens) {
        job.blocks.push_back(take_block());
    }
    const auto q = static_cast<double>(tokens);
    const auto c = static_cast<double>(job.computed);
    shape_ = {};
    shape_.prefills = 1;
    shape_.prefill_tokens = q;
    shape_.prefill_context = c;
    shape_.prefill_pairs = q * (c + (q + 1) / 2);
    const double seconds = step_s();
    work_ = {};
    shape_ = {};
    shape_.extra_tokens = q;
    launch(seconds);
    flights_.back().warmed = tokens;
}

void Engine::end_warming_step(Int tokens) {
    Warming& job = *warming_;
    for (Int j = job.computed / config_.block_tokens;
         j < (job.computed + tokens) / config_.block_tokens; ++j) {
        pool_.learn(job.blocks[static_cast<std::size_t>(j)], job.contents(j));
    }
    job.computed += tokens;
    if (job.computed == job.target || job.is_unwanted) {
        stop_warming();
    }
}

// At once, or with the end of the step under way; what is computed can be found from then on.
void Engine::cancel_warming() {
    if (!warming_) {
        return;
    }
    if (flights_.empty()) {
        stop_warming();
    } else {
        warming_->is_unwanted = true;
    }
}

void Engine::stop_warming() {
    for (auto block = warming_->blocks.rbegin(); block != warming_->blocks.rend(); ++block) {
        pool_.give(*block, warming_->request);
    }
    warming_.reset();
}

}  // namespace headway::serving
