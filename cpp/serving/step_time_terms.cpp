#include "serving/step_time_terms.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace headway::serving {
namespace {

Fields weights_of(Reals weights) {
    if (weights.size() != SHAPE_FIELDS) {
        throw std::invalid_argument("step time: one weight is expected per field of a shape");
    }
    Fields out;
    std::copy(weights.begin(), weights.end(), out.begin());
    return out;
}

double dot(const Fields& weights, const Fields& fields) {
    double sum = 0;
    for (std::size_t i = 0; i < SHAPE_FIELDS; ++i) {
        sum += weights[i] * fields[i];
    }
    return sum;
}

std::vector<double> finite(Reals values, std::size_t expected) {
    if (values.size() != expected) {
        throw std::invalid_argument("step time: one duration is expected per point");
    }
    for (const double value : values) {
        if (!std::isfinite(value)) {
            throw std::invalid_argument("step time: durations must be finite");
        }
    }
    return {values.begin(), values.end()};
}

double between(double low, double high, double share) { return low + share * (high - low); }

}  // namespace

Fields fields(const Shape& s) {
    return {s.prefill_tokens, s.prefills,       s.prefill_context, s.prefill_pairs, s.decodes,
            s.decode_context, s.decode_longest, s.sequences,       s.extra_tokens,  s.extra_pairs};
}

Shape shape_of(Reals f) {
    return {f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9]};
}

AffineTime::AffineTime(double constant, Reals weights)
    : constant_(constant), weights_(weights_of(weights)) {}

double AffineTime::seconds(const Shape& shape) const {
    return constant_ + dot(weights_, fields(shape));
}

Axis::Axis(Reals points) : points_(points.begin(), points.end()) {
    if (points_.empty()) {
        throw std::invalid_argument("step time: an axis without points");
    }
    for (std::size_t i = 0; i < points_.size(); ++i) {
        if (!std::isfinite(points_[i]) || (i > 0 && points_[i] <= points_[i - 1])) {
            throw std::invalid_argument("step time: points of an axis must be finite and ascend");
        }
    }
    bins_ = 4 * points_.size();
    const double width = points_.back() - points_.front();
    if (width > 0) {
        bins_per_unit_ = static_cast<double>(bins_) / width;
    }
    for (std::size_t bin = 0; bin <= bins_; ++bin) {
        // A bin early, as the number of a value's bin is rounded; its search goes on a bin beyond.
        const double start = bin == 0 ? points_.front()
                                      : points_.front() + static_cast<double>(bin - 1) * width /
                                                              static_cast<double>(bins_);
        const auto above = std::upper_bound(points_.begin(), points_.end(), start);
        hint_.push_back(static_cast<std::size_t>(above - points_.begin()) - 1);
    }
}

Axis::Place Axis::place(double value) const {
    const double first = points_.front();
    if (points_.size() == 1 || !(value > first)) {
        return {0, 0};
    }
    const std::size_t last = points_.size() - 2;  // the piece that reaches to infinity
    std::size_t low = last;
    if (value < points_[last]) {
        const auto bin = static_cast<std::size_t>((value - first) * bins_per_unit_);
        const auto begin = points_.begin();
        const auto from = begin + static_cast<std::ptrdiff_t>(hint_[std::min(bin, bins_)]);
        const auto to = begin + static_cast<std::ptrdiff_t>(hint_[std::min(bin + 2, bins_)]) + 1;
        low = static_cast<std::size_t>(std::upper_bound(from, to, value) - begin) - 1;
    }
    return {low, (value - points_[low]) / (points_[low + 1] - points_[low])};
}

CurveTime::CurveTime(Reals weights, Reals points, Reals seconds)
    : weights_(weights_of(weights)), axis_(points), seconds_(finite(seconds, points.size())) {}

double CurveTime::seconds(const Shape& shape) const {
    const double value = dot(weights_, fields(shape));
    if (!(value > 0)) {
        return 0;
    }
    const auto [low, share] = axis_.place(value);
    if (share == 0) {
        return seconds_[low];
    }
    return std::max(0.0, between(seconds_[low], seconds_[low + 1], share));
}

AttentionTime::AttentionTime(Reals chunk, Reals context, Reals decodes, Reals decode_context,
                             Reals seconds, double skew)
    : chunk_(chunk),
      context_(context),
      decodes_(decodes),
      decode_context_(decode_context),
      seconds_(finite(
          seconds, chunk.size() * context.size() * decodes.size() * decode_context.size())),
      skew_(skew) {}

double AttentionTime::at(double chunk, double context, double decodes,
                         double decode_context) const {
    const Axis::Place place[4] = {chunk_.place(chunk), context_.place(context),
                                  decodes_.place(decodes), decode_context_.place(decode_context)};
    const std::size_t stride[4] = {
        context_.size() * decodes_.size() * decode_context_.size(),
        decodes_.size() * decode_context_.size(),
        decode_context_.size(),
        1,
    };
    std::size_t origin = 0;
    std::size_t next[4];
    for (std::size_t axis = 0; axis < 4; ++axis) {
        origin += place[axis].low * stride[axis];
        next[axis] = place[axis].share == 0 ? 0 : stride[axis];  // never past the last point
    }
    double corner[16];
    for (std::size_t i = 0; i < 16; ++i) {
        corner[i] = seconds_[origin + (i & 8 ? next[0] : 0) + (i & 4 ? next[1] : 0) +
                             (i & 2 ? next[2] : 0) + (i & 1 ? next[3] : 0)];
    }
    for (std::size_t axis = 4; axis-- > 0;) {
        for (std::size_t i = 0; i < (std::size_t{1} << axis); ++i) {
            corner[i] = between(corner[2 * i], corner[2 * i + 1], place[axis].share);
        }
    }
    return std::max(0.0, corner[0]);
}

double AttentionTime::seconds(const Shape& shape) const {
    double chunk = shape.prefill_tokens + shape.extra_tokens;
    double context = 0;
    if (chunk > 0) {
        const double pairs = shape.prefill_pairs + shape.extra_pairs;
        context = pairs / chunk - (chunk + 1) / 2;
        if (context < 0) {  // several short prompts: less work than one of all their tokens
            context = 0;
            chunk = (std::sqrt(1 + 8 * pairs) - 1) / 2;
        }
    } else if (!(shape.decodes > 0)) {
        return 0;
    }
    const double decodes = shape.decodes;
    const double mean = decodes > 0 ? shape.decode_context / decodes : 0;
    const double usual = at(chunk, context, decodes, mean);
    if (skew_ == 0 || !(decodes > 1) || !(shape.decode_longest > mean)) {
        return usual;
    }
    const double longest = at(chunk, context, decodes, shape.decode_longest);
    return usual + skew_ * std::max(0.0, longest - usual);
}

RooflineTime::RooflineTime(Reals compute, Reals memory, Reals latency, Reals per_sequence,
                           Reals repeats, double experts, double chosen)
    : latency_(finite(latency, latency.size())),
      per_sequence_(finite(per_sequence, latency.size())),
      repeats_(finite(repeats, latency.size())),
      experts_(experts),
      untouched_(experts > 0 ? 1 - chosen / experts : 1) {
    const std::size_t n = latency.size();
    if (n > MOST) {
        throw std::invalid_argument("step time: too many operators");
    }
    const auto rows = finite(compute, n * FEATURES), others = finite(memory, n * FEATURES);
    for (std::size_t f = 0; f < FEATURES; ++f) {
        for (std::size_t i = 0; i < n; ++i) {
            compute_.push_back(rows[i * FEATURES + f]);
            memory_.push_back(others[i * FEATURES + f]);
        }
    }
}

double RooflineTime::seconds(const Shape& shape) const {
    const std::size_t n = latency_.size();
    const double tokens = shape.prefill_tokens + shape.decodes + shape.extra_tokens;
    const Fields values = fields(shape);
    double x[FEATURES] = {1};
    std::copy(values.begin(), values.end(), x + 1);
    x[FEATURES - 1] = experts_ > 0 ? experts_ * (1 - std::pow(untouched_, tokens)) : 0;

    double compute[MOST] = {}, memory[MOST] = {};
    for (std::size_t f = 0; f < FEATURES; ++f) {
        if (x[f] == 0) {
            continue;
        }
        const double* const by_compute = compute_.data() + f * n;
        const double* const by_memory = memory_.data() + f * n;
        for (std::size_t i = 0; i < n; ++i) {
            compute[i] += by_compute[i] * x[f];
            memory[i] += by_memory[i] * x[f];
        }
    }
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const bool runs = (per_sequence_[i] != 0 ? shape.sequences : tokens) > 0;
        if (runs) {
            sum += repeats_[i] * (std::max(compute[i], memory[i]) + latency_[i]);
        }
    }
    return sum;
}

PaddedTime::PaddedTime(Time inner, Reals sizes, double graph, double eager)
    : inner_(std::move(inner)), sizes_(sizes.begin(), sizes.end()), graph_(graph), eager_(eager) {
    if (!inner_ || sizes_.empty() || !std::is_sorted(sizes_.begin(), sizes_.end())) {
        throw std::invalid_argument("step time: a padded one has ascending sizes");
    }
}

double PaddedTime::seconds(const Shape& shape) const {
    const double tokens = shape.prefill_tokens + shape.decodes + shape.extra_tokens;
    if (!(tokens > 0)) {
        return inner_->seconds(shape);
    }
    if (tokens > sizes_.back()) {
        return inner_->seconds(shape) + eager_;
    }
    Shape padded = shape;
    padded.decodes += *std::lower_bound(sizes_.begin(), sizes_.end(), tokens) - tokens;
    return inner_->seconds(padded) + graph_;
}

SumTime::SumTime(std::vector<Time> parts) : parts_(std::move(parts)) {
    for (const Time& part : parts_) {
        if (!part) {
            throw std::invalid_argument("step time: a sum of nothing");
        }
    }
}

double SumTime::seconds(const Shape& shape) const {
    double sum = 0;
    for (const Time& part : parts_) {
        sum += part->seconds(shape);
    }
    return sum;
}

}  // namespace headway::serving
