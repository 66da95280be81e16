#version 150
// A line along the edges of a triangle; its neighbour draws the other half.
in vec3 place;
out vec4 drawn;

uniform vec4 colour;
uniform float half_width;  // px

void main() {
    vec3 distances = place / max(fwidth(place), vec3(1.0e-6));
    float nearest = min(distances.x, min(distances.y, distances.z));
    drawn = vec4(colour.rgb, colour.a * clamp(half_width + 0.5 - nearest, 0.0, 1.0));
}
