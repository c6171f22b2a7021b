#include "serving/engine/traffic.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace headway::serving {

void Traffic::check() const {
    const std::size_t n = arrival_s.size();
    if (prompt.size() != n || output.size() != n || limit.size() != n || priority.size() != n ||
        key.size() != n || (!offsets.empty() && offsets.size() != n + 1)) {
        throw std::invalid_argument("traffic: columns of different lengths");
    }
    const auto positive = [](std::int32_t tokens) { return tokens >= 1; };
    if (!std::ranges::all_of(prompt, positive) || !std::ranges::all_of(output, positive) ||
        !std::ranges::all_of(limit, positive)) {
        throw std::invalid_argument("traffic: a request without tokens");
    }
    if (!std::ranges::all_of(arrival_s, [](double t) { return std::isfinite(t) && t >= 0; }) ||
        !std::ranges::all_of(key, [](double k) { return !std::isnan(k); })) {
        throw std::invalid_argument("traffic: times and keys must be numbers");
    }
    if (offsets.empty()) {
        return;
    }
    if (id_tokens < 1 || offsets.front() != 0 || offsets.back() != static_cast<Int>(ids.size()) ||
        !std::ranges::is_sorted(offsets)) {
        throw std::invalid_argument("traffic: offsets that do not fit the ids");
    }
    constexpr Int TOO_LARGE = Int{1} << 40;
    if (!std::ranges::all_of(ids, [](Int id) { return id >= 0 && id < TOO_LARGE; })) {
        throw std::invalid_argument("traffic: an id of a block out of range");
    }
}

Contents Traffic::contents(Int request, Int block_tokens) const {
    return {*this, request, block_tokens};
}

Contents::Contents(const Traffic& traffic, Int request, Int block_tokens) : request_(request) {
    if (traffic.offsets.empty()) {
        return;
    }
    ids_ = row(traffic.offsets, traffic.ids, request);
    const auto k = static_cast<std::size_t>(request);
    const Int size = traffic.id_tokens;
    const Int of_prompt = (traffic.prompt[k] + size - 1) / size;
    const auto n_ids = static_cast<Int>(ids_.size());
    const Int known = n_ids > of_prompt
                          ? std::min<Int>(n_ids * size, traffic.prompt[k] + traffic.output[k])
                          : std::min<Int>(n_ids * size, traffic.prompt[k]);
    shared_ = known / block_tokens;
    if (size % block_tokens == 0) {
        pieces_ = size / block_tokens;
    } else {
        ids_per_block_ = block_tokens / size;
    }
}

Outcome::Outcome(Int n)
    : status(static_cast<std::size_t>(n), 0),
      arrival_s(static_cast<std::size_t>(n), std::numeric_limits<double>::quiet_NaN()),
      scheduled_s(arrival_s),
      first_token_s(arrival_s),
      last_token_s(arrival_s),
      generated(static_cast<std::size_t>(n), 0),
      preemptions(generated),
      cached_tokens(generated),
      recomputed_tokens(generated) {}

void Outcome::grow(Int n) {
    const std::size_t size = status.size() + static_cast<std::size_t>(n);
    status.resize(size, 0);
    for (auto* column : {&arrival_s, &scheduled_s, &first_token_s, &last_token_s}) {
        column->resize(size, std::numeric_limits<double>::quiet_NaN());
    }
    for (auto* column : {&generated, &preemptions, &cached_tokens, &recomputed_tokens}) {
        column->resize(size, 0);
    }
}

void Outcome::reset(Int request) {
    const auto r = static_cast<std::size_t>(request);
    status.at(r) = 0;
    for (auto* column : {&arrival_s, &scheduled_s, &first_token_s, &last_token_s}) {
        (*column)[r] = std::numeric_limits<double>::quiet_NaN();
    }
    for (auto* column : {&generated, &preemptions, &cached_tokens, &recomputed_tokens}) {
        (*column)[r] = 0;
    }
}

}  // namespace headway::serving
