// What step times are made of: affine forms, measured curves and grids, sums of them, a call back.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "base.hpp"
#include "serving/step_time.hpp"

namespace headway::serving {

inline constexpr std::size_t SHAPE_FIELDS = 10;
using Fields = std::array<double, SHAPE_FIELDS>;  // a shape's fields in their order

Fields fields(const Shape& shape);
Shape shape_of(Reals fields);

using Time = std::shared_ptr<const StepTime>;

// constant + weights . fields
class AffineTime final : public StepTime {
public:
    AffineTime(double constant, Reals weights);
    double seconds(const Shape& shape) const override;

private:
    double constant_;
    Fields weights_;
};

// Sorted points and where a value falls between them. Values below the first count as the first;
// values beyond the last lie on the last piece, prolonged.
class Axis {
public:
    explicit Axis(Reals points);

    struct Place {
        std::size_t low;
        double share;  // of the way from point low to the next
    };
    Place place(double value) const;
    std::size_t size() const { return points_.size(); }

private:
    std::vector<double> points_;
    std::vector<std::size_t> hint_;  // for each bin of equal width: the point before it
    std::size_t bins_ = 0;
    double bins_per_unit_ = 0;
};

// A piecewise linear curve of weights . fields; nothing where that is not positive.
class CurveTime final : public StepTime {
public:
    CurveTime(Reals weights, Reals points, Reals seconds);
    double seconds(const Shape& shape) const override;

private:
    Fields weights_;
    Axis axis_;
    std::vector<double> seconds_;
};

// Attention measured on a grid of (chunk, context of the chunk, decodes, context of a decode).
// Several prefills count as one with the same tokens and the same query-key pairs. skew: how far a
// batch of unequal contexts lies between one of their mean and one of their longest.
class AttentionTime final : public StepTime {
public:
    AttentionTime(Reals chunk, Reals context, Reals decodes, Reals decode_context, Reals seconds,
                  double skew);
    double seconds(const Shape& shape) const override;

private:
    double at(double chunk, double context, double decodes, double decode_context) const;

    Axis chunk_, context_, decodes_, decode_context_;
    std::vector<double> seconds_;
    double skew_;
};

// Operators that each take max(compute . x, memory . x) + latency, so many times. x is one, the fields,
// and the experts that the step's tokens are expected to touch: E (1 - (1 - k / E)^T).
class RooflineTime final : public StepTime {
public:
    static constexpr std::size_t FEATURES = SHAPE_FIELDS + 2;
    static constexpr std::size_t MOST = 64;  // operators

    // compute and memory: one row of features per operator. per_sequence: not 0 for operators that
    // run only if a sequence emits a token; others run if there is any token.
    RooflineTime(Reals compute, Reals memory, Reals latency, Reals per_sequence, Reals repeats,
                 double experts, double chosen);
    double seconds(const Shape& shape) const override;

private:
    std::vector<double> compute_, memory_;  // transposed: one row of operators per feature
    std::vector<double> latency_, per_sequence_, repeats_;
    double experts_, untouched_;  // how many, and the share of them that one token leaves alone
};

// Batches of no more tokens than the largest captured graph are padded to the next captured number by
// decodes without context, and launched at once; others launch every kernel.
class PaddedTime final : public StepTime {
public:
    PaddedTime(Time inner, Reals sizes, double graph, double eager);
    double seconds(const Shape& shape) const override;

private:
    Time inner_;
    std::vector<double> sizes_;
    double graph_, eager_;
};

class SumTime final : public StepTime {
public:
    explicit SumTime(std::vector<Time> parts);
    double seconds(const Shape& shape) const override;

private:
    std::vector<Time> parts_;
};

}  // namespace headway::serving
