pip install -i https://user:pa/ss-word-12@pypi.acme.example/simple a
pip install -i 'https://user:two words-12@pypi.acme.example/simple' a
pip install -i https://user:hash#word-12@pypi.acme.example/simple a
pip install -i https://user:at@word-1234@pypi.acme.example/simple a
pip install -i https://0123456789abcdef0123:@pypi.acme.example/simple a
pip install -i https://0123456789abcdef0123:x-oauth-basic@pypi.acme.example/simple a
pip install -i "https://user:quote'word-12@pypi.acme.example/simple" a
pip install -i https://user:br[ack]et,word{s}@pypi.acme.example/simple a
pip install -i https://to/ken-with-slash@pypi.acme.example/simple a
pip install -i "${INDEX:-https://user:default-12@pypi.acme.example/simple}" a
