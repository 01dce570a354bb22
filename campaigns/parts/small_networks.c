/* Trains one small ReLU network by softmax cross-entropy, and looks how much it knows: written for luck_attacked alone,
   from nothing that the laboratory computes with. Randomness is a counter's hash, so that a start and a sequence of
   batches follow from their keys. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS 3
#define WIDEST 128
#define WEIGHTS 40000

typedef struct {
    const float *x, *test_x;
    const int32_t *y, *test_y;
    int32_t rows, tested;         /* to learn, to ask */
    int32_t sizes[LAYERS + 1];    /* inputs, hidden neurons, classes; 0 where there is no further layer */
    int32_t rule, batch, every, looks;
    int32_t pool;                 /* 0: fresh draws; else epochs over so many rows, which `set` chooses */
    int32_t until;                /* from this step on, batches are those of `then` */
    uint64_t start, other, batches, then, set;
    float lr, near, goal;         /* near: share of the other start, as a sine */
    float wrong, idle;            /* shares of rows whose label is another, and of rows that count for nothing */
} Training;

static uint64_t hash(uint64_t z) {
    z += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}
static double unit(uint64_t key, uint64_t number) { return (double)(hash(key ^ hash(number)) >> 11) * 0x1p-53; }
static double normal(uint64_t key, uint64_t number) {
    return sqrt(-2 * log(1 - unit(key, 2 * number))) * cos(6.283185307179586 * unit(key, 2 * number + 1));
}
static int32_t row_of(const Training *t, uint64_t key, int64_t number, int32_t *order, int64_t *epoch) {
    if (!t->pool) return (int32_t)(unit(key, number) * t->rows);
    if (number / t->pool != *epoch) { /* a new epoch: the same rows, shuffled again */
        *epoch = number / t->pool;
        for (int32_t i = 0; i < t->rows; i++) order[i] = i;
        for (int32_t i = 0; i < t->pool; i++) {
            int32_t j = i + (int32_t)(unit(t->set ^ 0x5E7u, i) * (t->rows - i)), kept = order[i];
            order[i] = order[j], order[j] = kept;
        }
        for (int32_t i = t->pool - 1; i > 0; i--) {
            int32_t j = (int32_t)(unit(key, *epoch * t->pool + i) * (i + 1)), kept = order[i];
            order[i] = order[j], order[j] = kept;
        }
    }
    return order[number % t->pool];
}
static void above(const int32_t *n, int depth, const float *w, float a[][WIDEST]) {
    for (int l = 0; l < depth; l++) {
        const float *bias = w + n[l] * n[l + 1];
        for (int j = 0; j < n[l + 1]; j++) a[l + 1][j] = bias[j];
        for (int i = 0; i < n[l]; i++) {
            const float from = a[l][i], *row = w + i * n[l + 1];
            if (from != 0)
                for (int j = 0; j < n[l + 1]; j++) a[l + 1][j] += from * row[j];
        }
        if (l + 1 < depth)
            for (int j = 0; j < n[l + 1]; j++) a[l + 1][j] = a[l + 1][j] > 0 ? a[l + 1][j] : 0;
        w = bias + n[l + 1];
    }
}

/* Shares of right answers after each `every` steps, until `goal` is reached; what follows is left as it was. */
void learn(const Training *t, float *curve) {
    static float w[WEIGHTS], g[WEIGHTS], m[WEIGHTS], v[WEIGHTS];
    static float a[LAYERS + 1][WIDEST], d[LAYERS + 1][WIDEST];
    const int32_t *n = t->sizes;
    int depth = n[3] ? 3 : 2, count = 0;
    for (int l = 0; l < depth; l++) {
        for (int i = 0; i < n[l]; i++)
            for (int j = 0; j < n[l + 1]; j++, count++) {
                double own = normal(t->start, count), other = t->near > 0 ? normal(t->other, count) : 0;
                double z = sqrt(1 - t->near * t->near) * own + t->near * other;
                w[count] = (float)(z * sqrt(2.0 / n[l]));
            }
        for (int j = 0; j < n[l + 1]; j++) w[count++] = 0;
    }
    memset(m, 0, sizeof m), memset(v, 0, sizeof v);
    int32_t *order = malloc(sizeof(int32_t) * t->rows);
    int64_t step = 0, epoch = -1;
    int classes = n[depth];
    for (int look = 0; look < t->looks; look++) {
        for (int s = 0; s < t->every; s++, step++) {
            uint64_t key = step < t->until ? t->batches : t->then;
            memset(g, 0, sizeof(float) * count);
            for (int b = 0; b < t->batch; b++) {
                int64_t number = step * t->batch + b;
                int32_t r = row_of(t, key, number, order, &epoch), label = t->y[r];
                if (t->idle > 0 && unit(key ^ 0x1D1Eu, number) < t->idle) continue;
                if (t->wrong > 0 && unit(key ^ 0xBADu, number) < t->wrong) label = (label + 1) % classes;
                for (int i = 0; i < n[0]; i++) a[0][i] = t->x[r * n[0] + i];
                above(n, depth, w, a);
                float most = a[depth][0], sum = 0;
                for (int j = 1; j < classes; j++) most = a[depth][j] > most ? a[depth][j] : most;
                for (int j = 0; j < classes; j++) sum += d[depth][j] = expf(a[depth][j] - most);
                for (int j = 0; j < classes; j++) d[depth][j] = (d[depth][j] / sum - (j == label)) / t->batch;
                int end = count;
                for (int l = depth - 1; l >= 0; l--) {
                    int first = end - n[l + 1] * (n[l] + 1), wide = n[l + 1];
                    for (int j = 0; j < wide; j++) g[end - wide + j] += d[l + 1][j];
                    for (int i = 0; i < n[l]; i++) {
                        const float from = a[l][i], *row = w + first + i * wide;
                        float *slope = g + first + i * wide, back = 0;
                        if (from == 0) { d[l][i] = 0; continue; } /* of a hidden neuron: it is off */
                        for (int j = 0; j < wide; j++) slope[j] += from * d[l + 1][j], back += row[j] * d[l + 1][j];
                        d[l][i] = back;
                    }
                    end = first;
                }
            }
            float c1 = 1 - powf(0.9f, step + 1), c2 = 1 - powf(0.999f, step + 1);
            if (t->rule == 0) for (int i = 0; i < count; i++) w[i] -= t->lr * g[i];
            if (t->rule == 1) for (int i = 0; i < count; i++) m[i] = 0.9f * m[i] + g[i], w[i] -= t->lr * m[i];
            if (t->rule == 2)
                for (int i = 0; i < count; i++) {
                    m[i] = 0.9f * m[i] + 0.1f * g[i], v[i] = 0.999f * v[i] + 0.001f * g[i] * g[i];
                    w[i] -= t->lr * (m[i] / c1) / (sqrtf(v[i] / c2) + 1e-8f);
                }
        }
        int right = 0;
        for (int r = 0; r < t->tested; r++) {
            for (int i = 0; i < n[0]; i++) a[0][i] = t->test_x[r * n[0] + i];
            above(n, depth, w, a);
            int strongest = 0;
            for (int j = 1; j < classes; j++) strongest = a[depth][j] > a[depth][strongest] ? j : strongest;
            right += strongest == t->test_y[r];
        }
        curve[look] = (float)right / t->tested;
        if (curve[look] >= t->goal) break;
    }
    free(order);
}
