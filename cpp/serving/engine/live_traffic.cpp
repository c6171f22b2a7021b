#include "serving/engine/live_traffic.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

namespace headway::serving {

namespace {

constexpr Int MOST_TOKENS = std::numeric_limits<std::int32_t>::max();

// Folds a token into the hash of all before it.
std::uint64_t folded(std::uint64_t hash, Int token) {
    hash = (hash + 0x632BE59BD9B4E019U) ^ static_cast<std::uint64_t>(token);
    hash *= 0x9E3779B97F4A7C15U;
    hash = (hash ^ (hash >> 32U)) * 0xD6E8FEB86659FD93U;
    return hash ^ (hash >> 32U);
}

}  // namespace

LiveTraffic::LiveTraffic(Int block_tokens)
    : block_tokens_(block_tokens), outcome_(std::make_shared<Outcome>(0)) {
    if (block_tokens < 1) {
        throw std::invalid_argument("traffic: a block without tokens");
    }
}

Int LiveTraffic::new_row() {
    if (!spare_.empty()) {
        const Int row = spare_.back();
        spare_.pop_back();
        outcome_->reset(row);
        return row;
    }
    const auto row = static_cast<Int>(chains_.size());
    arrivals_.push_back(0);
    keys_.push_back(0);
    for (auto* column : {&prompts_, &outputs_, &limits_, &priorities_, &told_}) {
        column->push_back(0);
    }
    chains_.emplace_back();
    places_.push_back(ABSENT);
    outcome_->grow(1);
    arrival_s = arrivals_;
    key = keys_;
    prompt = prompts_;
    output = outputs_;
    limit = limits_;
    priority = priorities_;
    return row;
}

Int LiveTraffic::add(const Asked& asked, Ints tokens, std::uint64_t seed) {
    const auto positive = [](Int count) { return count >= 1 && count <= MOST_TOKENS; };
    if (!positive(asked.prompt) || !positive(asked.output) || !positive(asked.limit)) {
        throw std::invalid_argument("traffic: a request without tokens, or with too many");
    }
    if (static_cast<Int>(tokens.size()) > asked.prompt + asked.output) {
        throw std::invalid_argument("traffic: more tokens than those of prompt and output");
    }
    if (std::abs(asked.priority) > MOST_TOKENS || std::isnan(asked.key)) {
        throw std::invalid_argument("traffic: a priority or a key out of range");
    }
    const Int row = new_row();
    const auto k = place(row);
    keys_[k] = asked.key;
    prompts_[k] = static_cast<std::int32_t>(asked.prompt);
    outputs_[k] = static_cast<std::int32_t>(asked.output);
    limits_[k] = static_cast<std::int32_t>(asked.limit);
    priorities_[k] = static_cast<std::int32_t>(asked.priority);
    told_[k] = 0;
    auto& chain = chains_[k];
    chain.reserve(tokens.size() / place(block_tokens_));
    std::uint64_t hash = folded(0, static_cast<Int>(seed));
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        hash = folded(hash, tokens[i]);
        if ((i + 1) % place(block_tokens_) == 0) {
            chain.push_back(static_cast<Int>(hash >> 2U));  // never negative
        }
    }
    places_[k] = present();
    present_.push_back(row);
    return row;
}

void LiveTraffic::check(Int row) const {
    if (row < 0 || row >= static_cast<Int>(places_.size()) || places_[place(row)] == ABSENT) {
        throw std::out_of_range("traffic: no such request");
    }
}

void LiveTraffic::remove(Int row) {
    check(row);
    const Int hole = places_[place(row)];
    const Int last = present_.back();
    present_[place(hole)] = last;
    places_[place(last)] = hole;
    present_.pop_back();
    places_[place(row)] = ABSENT;
    chains_[place(row)].clear();
    chains_[place(row)].shrink_to_fit();
    spare_.push_back(row);
}

Ints LiveTraffic::chain(Int row) const {
    check(row);
    return chains_[place(row)];
}

Contents LiveTraffic::contents(Int request, Int block_tokens) const {
    if (block_tokens != block_tokens_) {
        throw std::invalid_argument("traffic: named in blocks of another size");
    }
    return {chain(request), request};
}

News LiveTraffic::listen(Engine& engine) {
    News news;
    for (const Int row : present_) {
        const std::int32_t said = outcome_->generated[place(row)];
        if (said > told_[place(row)]) {
            said_ += said - told_[place(row)];
            told_[place(row)] = said;
            news.spoken.emplace_back(row, said);
        }
    }
    const Ended ended = engine.take_ended();
    for (std::size_t i = 0; i < ended.requests.size(); ++i) {
        news.ended.emplace_back(ended.requests[i], ended.status[i]);
    }
    for (const Left& left : engine.take_left()) {
        news.left.push_back(left.request);
    }
    return news;
}

}  // namespace headway::serving
